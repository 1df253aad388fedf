#include "floor.h"

int main(int argc, char **argv)
{
    char page[16384];
    size_t have = 0;
    ssize_t n;
    need(argc == 4);
    double start = seconds();
    int fd = dial(argv[1], argv[2]);
    say(fd, "GET / HTTP/1.0\r\nUser-Agent: floor\r\nConnection: close\r\n\r\n");
    while ((n = read(fd, page + have, sizeof page - have)) > 0)
        have += n;
    need(n == 0 && have > 12 && memcmp(page + 8, " 200", 4) == 0);
    close(fd);
    close(dial(argv[1], argv[3]));
    printf("HTTP OK: HTTP/1.0 200 OK|time=%fs;;;0;10 size=%zuB;;;0\n", seconds() - start, have);
    return 0;
}
