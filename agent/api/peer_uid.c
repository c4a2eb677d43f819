#include <sys/socket.h>

#include "agent/api/http_private.h"

long
gong_peer_uid(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return -1;
    }
    return (long)peer.uid;
}
