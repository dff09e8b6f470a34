#include "tools/longtake/interrupt.h"

#include <csignal>

namespace longtake::cli {
namespace {

volatile std::sig_atomic_t received = 0;  // the one thing a signal handler can reach

extern "C" void note_signal(int signal) {
    received = signal;
}

}  // namespace

void handle_signals() {
    struct sigaction action = {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
    return received != 0;
}

int interrupted_exit_code() {
    return 128 + received;
}

}  // namespace longtake::cli
