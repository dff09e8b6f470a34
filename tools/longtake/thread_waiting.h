#pragma once

namespace longtake::cli {

// OpenMP's threads wait for each other by spinning. On a machine with anything else to do (our own
// video encoder, to begin with) that takes the processor from the very thread they wait for:
// several times slower was measured. The runtime reads its policy before main begins, so this
// starts the program anew with the other policy, unless the user has chosen one.
void wait_without_spinning(char** argv);

}  // namespace longtake::cli
