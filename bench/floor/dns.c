#include "floor.h"

/* Writes the question for the addresses of a name; returns its length (RFC 1035, section 4.1). */
static size_t question(unsigned char *packet, const char *name)
{
    static const unsigned char header[12] = {0x12, 0x34, 1, 0, 0, 1};
    static const unsigned char type_a_class_in[5] = {0, 0, 1, 0, 1};
    size_t at = sizeof header;
    memcpy(packet, header, sizeof header);
    while (*name) {
        size_t length = strcspn(name, ".");
        need(length > 0 && length < 64 && at + length < 256);
        packet[at++] = length;
        memcpy(packet + at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    memcpy(packet + at, type_a_class_in, sizeof type_a_class_in);
    return at + sizeof type_a_class_in;
}

int main(int argc, char **argv)
{
    unsigned char packet[512];
    need(argc == 4);
    double start = seconds();
    struct sockaddr_in server = address(argv[1], argv[2]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    need(fd >= 0 && connect(fd, (struct sockaddr *)&server, sizeof server) == 0);
    size_t length = question(packet, argv[3]);
    need(send(fd, packet, length, 0) == (ssize_t)length);
    need(recv(fd, packet, sizeof packet, 0) > 12 && packet[7] > 0);
    close(fd);
    printf("DNS OK - second response time|time=%fs;;;0\n", seconds() - start);
    return 0;
}
