#include "floor.h"

int main(int argc, char **argv)
{
    char line[1024];
    need(argc == 3);
    double start = seconds();
    int fd = dial(argv[1], argv[2]);
    read_line(fd, line, sizeof line);
    say(fd, "SSH-2.0-floor\r\n");
    close(fd);
    printf("SSH OK - protocol 2.0 |time=%fs;;;0;10\n", seconds() - start);
    return 0;
}
