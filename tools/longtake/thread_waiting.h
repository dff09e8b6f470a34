#pragma once

namespace longtake::cli {

// OpenMP's threads wait for each other by spinning, for milliseconds. On a machine with anything
// else to do (our own video encoder, to begin with) that takes the processor from the very thread
// they wait for: 4 to 8 times slower was measured. Not to spin at all costs as much where nothing
// else runs: a pass has some 200 parallel regions, and a thread that sleeps wakes slowly. So they
// spin for as long as a region takes, some tens of microseconds, and then sleep. The runtime reads
// this before main begins: the program starts anew, unless the user has chosen a policy.
void wait_without_spinning_long(char** argv);

}  // namespace longtake::cli
