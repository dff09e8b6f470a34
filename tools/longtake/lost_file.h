#pragma once

namespace longtake::cli {

// A mapped file that somebody makes shorter while it is read ends the program with one line that
// names it, and exit code 2, instead of a signal.
void name_lost_files();

}  // namespace longtake::cli
