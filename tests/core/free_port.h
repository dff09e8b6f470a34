#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace longtake {

// A socket with a port of its own on the loopback.
struct OwnPort {
    OwnPort() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
    }
    int socket = ::socket(AF_INET, SOCK_STREAM, 0), port = 0;  // the caller closes it
};

// A TCP or UDP port that is free at the moment.
inline int free_port() {
    const OwnPort own;
    ::close(own.socket);
    return own.port;
}

}  // namespace longtake
