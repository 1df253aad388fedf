#include "floor.h"

int main(int argc, char **argv)
{
    char line[1024];
    struct greeted server = greet(argc, argv);
    say(server.fd, "QUIT\r\n");
    read_line(server.fd, line, sizeof line);
    return told(server, "SMTP OK - sec. response time", "");
}
