#pragma once

namespace longtake::cli {

// From now on the first Ctrl-C (or a request to terminate) is only noted; the second one kills. A
// reader that goes away is an error of the write, not a signal.
void handle_signals();

// Whether somebody asked to stop.
bool interrupted();

// Thrown by a command that has put its work in order after being interrupted.
struct Interrupted {};

// What such a command exits with: 130 after Ctrl-C.
int interrupted_exit_code();

}  // namespace longtake::cli
