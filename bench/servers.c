/* The servers the benchmark talks to, on loopback, each on a port the kernel chose.
 *
 * Prints one line "NAME PORT" per server, then serves until its standard input ends, so that it
 * never outlives the program that started it. One thread per server, one client at a time: the
 * benchmark has one client at a time, too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const char *name;
    const char *greeting; /* sent as soon as a client is there */
    const char *answer;   /* sent once the client has said QUIT, or an empty line where nothing greets */
    int kind;             /* SOCK_STREAM or SOCK_DGRAM */
    int fd;
};

static struct server servers[] = {
    {"ftp", "220 bench FTP\r\n", "221 bye\r\n", SOCK_STREAM, -1},
    {"ssh", "SSH-2.0-OpenSSH_9.2 bench\r\n", NULL, SOCK_STREAM, -1},
    {"smtp", "220 bench ESMTP\r\n", "221 bye\r\n", SOCK_STREAM, -1},
    {"http", NULL,
     "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n"
     "<p>It works!</p>   \n",
     SOCK_STREAM, -1},
    {"second", NULL, NULL, SOCK_STREAM, -1},
    {"dns", NULL, NULL, SOCK_DGRAM, -1},
};

/* The answer repeats the question and adds one address, 192.0.2.1 (RFC 1035, section 4.1). */
static void answer_questions(int fd)
{
    static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    unsigned char packet[1024];
    struct sockaddr_in client;
    for (;;) {
        socklen_t length = sizeof client;
        ssize_t n = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&client, &length);
        if (n < 17)
            continue;
        ssize_t end = 12;
        while (end < n && packet[end])
            end += packet[end] + 1;
        end += 5;
        if (end > n)
            continue;
        packet[2] = 0x85; /* an authoritative answer; recursion wanted */
        packet[3] = 0x80; /* and available; no error */
        memcpy(packet + 4, "\0\1\0\1\0\0\0\0", 8);
        memcpy(packet + end, record, sizeof record);
        sendto(fd, packet, end + sizeof record, 0, (struct sockaddr *)&client, length);
    }
}

/* Reads until the client has said `end`. What comes before it, an EHLO say, gets the answer `more`. */
static int heard(int fd, const char *end, const char *more)
{
    char text[4096];
    size_t have = 0;
    while (have < sizeof text) {
        ssize_t n = read(fd, text + have, sizeof text - have);
        if (n <= 0)
            return 0;
        have += n;
        if (memmem(text, have, end, strlen(end)))
            return 1;
        if (more && text[have - 1] == '\n' && send(fd, more, strlen(more), 0) < 0)
            return 0;
    }
    return 0;
}

static void drain(int fd)
{
    char text[4096];
    shutdown(fd, SHUT_WR);
    while (read(fd, text, sizeof text) > 0)
        ;
}

static void serve_client(const struct server *s, int fd)
{
    if (s->greeting && send(fd, s->greeting, strlen(s->greeting), 0) < 0)
        return;
    if (s->answer && heard(fd, s->greeting ? "QUIT" : "\r\n\r\n", s->greeting ? "250 bench\r\n" : NULL))
        send(fd, s->answer, strlen(s->answer), 0);
    drain(fd);
}

static void *serve(void *argument)
{
    const struct server *s = argument;
    if (s->kind == SOCK_DGRAM)
        answer_questions(s->fd);
    for (;;) {
        int client = accept(s->fd, NULL, NULL);
        if (client >= 0) {
            serve_client(s, client);
            close(client);
        }
    }
    return NULL;
}

static void start(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    pthread_t thread;
    s->fd = socket(AF_INET, s->kind, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) ||
        (s->kind == SOCK_STREAM && listen(s->fd, 64)) || getsockname(s->fd, (struct sockaddr *)&a, &length) ||
        pthread_create(&thread, NULL, serve, s)) {
        perror(s->name);
        exit(1);
    }
    printf("%s %d\n", s->name, ntohs(a.sin_port));
}

int main(void)
{
    char unused;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        start(&servers[i]);
    puts("ready");
    fflush(stdout);
    while (read(0, &unused, 1) > 0)
        ;
    return 0;
}
