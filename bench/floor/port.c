#include "floor.h"

int main(int argc, char **argv)
{
    struct greeted server = greet(argc, argv);
    say(server.fd, "QUIT\r\n");
    return told(server, "FTP OK - second response time on port", ";10");
}
