#include "floor.h"

int main(int argc, char **argv)
{
    char line[1024];
    need(argc == 3);
    double start = seconds();
    int fd = dial(argv[1], argv[2]);
    read_line(fd, line, sizeof line);
    say(fd, "QUIT\r\n");
    read_line(fd, line, sizeof line);
    close(fd);
    printf("SMTP OK - sec. response time|time=%fs;;;0\n", seconds() - start);
    return 0;
}
