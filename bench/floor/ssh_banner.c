#include "floor.h"

int main(int argc, char **argv)
{
    struct greeted server = greet(argc, argv);
    say(server.fd, "SSH-2.0-floor\r\n");
    return told(server, "SSH OK - protocol 2.0 ", ";10");
}
