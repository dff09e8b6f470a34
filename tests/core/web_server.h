#pragma once

#include "tests/core/free_port.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace longtake {

// nginx on the loopback, with the files of a folder; it keeps what it needs in another one.
class WebServer {
  public:
    WebServer(const std::filesystem::path& files, const std::filesystem::path& own)
        : port_(free_port()) {
        const std::string work = own.string();
        std::ofstream(own / "nginx.conf")
            << "daemon off; master_process off; pid " << work << "/pid; error_log " << work
            << "/errors;\nevents {}\nhttp { access_log " << work
            << "/accesses;\nclient_body_temp_path " << work << "/1; proxy_temp_path " << work
            << "/2; fastcgi_temp_path " << work << "/3; uwsgi_temp_path " << work
            << "/4; scgi_temp_path " << work << "/5;\nserver { listen 127.0.0.1:" << port_
            << "; root " << files.string() << "; } }\n";
        process_ = ::fork();
        if (process_ == 0) {
            ::execl(program().c_str(), "nginx", "-p", work.c_str(), "-c",
                    (own / "nginx.conf").c_str(), "-e", (own / "errors").c_str(), nullptr);
            ::_exit(127);
        }
        running_ = answers();
    }
    ~WebServer() {
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
    }
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    // Where nginx is; empty where it is not.
    static std::string program() {
        for (const char* place : {"/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"}) {
            if (std::filesystem::exists(place)) {
                return place;
            }
        }
        return {};
    }
    bool running() const { return running_; }
    std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    static sockaddr_in loopback(int port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    bool answers() const {
        const sockaddr_in address = loopback(port_);
        for (int i = 0; i < 200; ++i) {
            const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
            const int connected =
                ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
            ::close(socket);
            if (connected == 0) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
    }

    int port_;
    pid_t process_ = -1;
    bool running_ = false;
};

}  // namespace longtake
