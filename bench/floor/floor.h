/* What the floors share: each floor does the input and output of one plugin and nothing else, so
 * that the table says what the plugin costs beyond the work itself. A floor checks nothing but
 * that its calls succeed; any failure ends it with status 3. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void need(int fine)
{
    if (!fine)
        _exit(3);
}

static inline double seconds(void)
{
    struct timespec t;
    need(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static inline struct sockaddr_in address(const char *host, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    need(inet_pton(AF_INET, host, &a.sin_addr) == 1);
    return a;
}

static inline int dial(const char *host, const char *port)
{
    struct sockaddr_in a = address(host, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
    return fd;
}

static inline void say(int fd, const char *text)
{
    need(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* Reads until a line is complete; what follows it stays unread or in the buffer. */
static inline void read_line(int fd, char *line, size_t size)
{
    size_t have = 0;
    while (!memchr(line, '\n', have)) {
        need(have < size);
        ssize_t n = read(fd, line + have, size - have);
        need(n > 0);
        have += n;
    }
}

/* Opens, reads and closes a file of /proc; the result ends in a zero byte. */
static inline void read_file(const char *path, char *text, size_t size)
{
    size_t have = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    need(fd >= 0);
    while ((n = read(fd, text + have, size - 1 - have)) > 0)
        have += n;
    need(n == 0 && have < size - 1);
    text[have] = 0;
    close(fd);
}

/* A connection to a server that speaks first, and when it was dialled. */
struct greeted {
    int fd;
    double start;
};

static inline struct greeted greet(int argc, char **argv)
{
    char line[1024];
    need(argc == 3);
    double start = seconds();
    struct greeted server = {.fd = dial(argv[1], argv[2]), .start = start};
    read_line(server.fd, line, sizeof line);
    return server;
}

/* Ends a floor that talked to such a server: one line with the time since it was dialled. */
static inline int told(struct greeted server, const char *text, const char *limit)
{
    close(server.fd);
    printf("%s|time=%fs;;;0%s\n", text, seconds() - server.start, limit);
    return 0;
}
