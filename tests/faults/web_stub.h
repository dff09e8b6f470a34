#pragma once

#include "tests/core/free_port.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace longtake {

// A web server of one file that serves as badly as it is told.
class WebStub {
  public:
    struct Manners {
        size_t after = SIZE_MAX;  // bytes of the file, from where on it misbehaves
        enum class Then { Stall, Drop } then = Then::Drop;
        size_t bytes_a_second = 0;  // 0: as fast as it goes
    };

    WebStub(std::string content, const Manners& manners)
        : content_(std::move(content)), manners_(manners) {
        const OwnPort own;
        listener_ = own.socket;
        port_ = own.port;
        ::listen(listener_, 8);
        thread_ = std::thread([this] { serve(); });
    }
    ~WebStub() {
        stop_ = true;
        thread_.join();
        connections_.clear();  // which waits for them
        ::close(listener_);
    }
    WebStub(const WebStub&) = delete;
    WebStub& operator=(const WebStub&) = delete;

    std::string address() const { return "http://127.0.0.1:" + std::to_string(port_) + "/a.ltv"; }

  private:
    bool readable(int socket) const {
        pollfd wanted{.fd = socket, .events = POLLIN, .revents = 0};
        return ::poll(&wanted, 1, 20) > 0;
    }
    void serve() {
        while (!stop_) {
            if (readable(listener_)) {
                connections_.emplace_back([this, socket = ::accept(listener_, nullptr, nullptr)] {
                    while (!stop_ && answer(socket)) {
                    }
                    ::close(socket);
                });
            }
        }
    }
    // One request; false where the connection ends.
    bool answer(int socket) {
        std::string request;
        while (request.find("\r\n\r\n") == std::string::npos) {
            char block[4096];
            if (stop_) {
                return false;
            }
            if (!readable(socket)) {
                continue;
            }
            const ssize_t got = ::recv(socket, block, sizeof block, 0);
            if (got <= 0) {
                return false;
            }
            request.append(block, static_cast<size_t>(got));
        }
        const size_t range = request.find("Range: bytes=");
        const size_t from = range == std::string::npos ? 0 : std::stoul(request.substr(range + 13));
        const size_t begin = std::min(from, content_.size());
        send(socket, "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Length: " +
                         std::to_string(content_.size() - begin) + "\r\nContent-Range: bytes " +
                         std::to_string(begin) + "-" + std::to_string(content_.size() - 1) + "/" +
                         std::to_string(content_.size()) + "\r\n\r\n");
        return send_file(socket, begin);
    }
    bool send_file(int socket, size_t at) {
        const size_t piece = manners_.bytes_a_second > 0 ? manners_.bytes_a_second / 50 : 65536;
        while (at < content_.size()) {
            const size_t end =
                std::min({content_.size(), at + piece, std::max(at, manners_.after)});
            if (end == at) {
                while (manners_.then == Manners::Then::Stall && !stop_) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(20));
                }
                return false;
            }
            if (!send(socket, content_.substr(at, end - at))) {
                return false;
            }
            at = end;
            if (manners_.bytes_a_second > 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
        }
        return true;
    }
    static bool send(int socket, const std::string& bytes) {
        return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes);
    }

    std::string content_;
    Manners manners_;
    int listener_ = -1, port_ = 0;
    std::atomic<bool> stop_ = false;
    std::vector<std::jthread> connections_;
    std::thread thread_;
};

}  // namespace longtake
