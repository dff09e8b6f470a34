#include "tools/longtake/lost_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string_view>

namespace longtake::cli {
namespace {

// Everything here runs in a signal handler: no allocation, no stdio.

void say(std::string_view text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

uintptr_t hexadecimal(std::string_view& text) {
    uintptr_t value = 0;
    for (; !text.empty() && text[0] != '-' && text[0] != ' '; text.remove_prefix(1)) {
        value = value << 4 |
                static_cast<uintptr_t>(text[0] <= '9' ? text[0] - '0' : text[0] - 'a' + 10);
    }
    return value;
}

// Of a line of /proc/self/maps: the file that is mapped at the address; empty: another line, or
// none.
std::string_view file_at(std::string_view line, uintptr_t address) {
    const size_t path = line.find('/');
    const uintptr_t begin = hexadecimal(line);
    line.remove_prefix(line.empty() ? 0 : 1);
    const bool inside = begin <= address && address < hexadecimal(line);
    return inside && path != std::string_view::npos ? line.substr(line.find('/'))
                                                    : std::string_view();
}

void say_file_at(uintptr_t address) {
    const int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char line[4096];
    size_t size = 0;
    for (char c = 0; ::read(maps, &c, 1) == 1;) {
        if (c != '\n') {
            line[size] = c;
            size += size + 1 < sizeof line ? 1 : 0;
            continue;
        }
        say(file_at({line, size}, address));
        size = 0;
    }
}

extern "C" void lose_file(int signal, siginfo_t* info, void*) {
    if (info->si_code != BUS_ADRERR) {
        ::raise(signal);  // which now has its default action
        return;
    }
    say("longtake: ");
    say_file_at(reinterpret_cast<uintptr_t>(info->si_addr));
    say(": became shorter while it was read; run the command again with the whole file\n");
    ::_exit(2);
}

}  // namespace

void name_lost_files() {
    struct sigaction action = {};
    action.sa_sigaction = lose_file;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND;
    sigaction(SIGBUS, &action, nullptr);
}

}  // namespace longtake::cli
