#include "floor.h"

int main(int argc, char **argv)
{
    char line[1024];
    need(argc == 3);
    double start = seconds();
    int fd = dial(argv[1], argv[2]);
    read_line(fd, line, sizeof line);
    say(fd, "QUIT\r\n");
    close(fd);
    printf("FTP OK - second response time on port|time=%fs;;;0;10\n", seconds() - start);
    return 0;
}
