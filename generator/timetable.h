#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace longtake::generator {

// Takes that are watched while they are made, by fewer threads than there are takes. A chunk may be
// made while the one before it is shown, and is due when that one ends: whichever is due first goes
// first. Takes begin evenly spread over the time of a chunk; one that was late goes on later by as
// much.
struct Timetable {
    double period = 0;   // seconds that a chunk lasts
    int64_t chunks = 0;  // of every take
    int workers = 1;     // takes that are made at the same time
};

struct TimedTake {
    std::function<void()> make;    // returns when the frames of the next chunk are there
    std::function<void()> finish;  // what else the chunk needs
};

struct TimetableReport {
    std::vector<double> ready_ms;  // from when a chunk might be made until it was there; by time
    int64_t late = 0;              // chunks that were there after they were due
    double longest_pause_ms = 0;   // that any of them made
};

// Returns when all takes have all their chunks; throws what one of them throws.
TimetableReport keep_timetable(const std::vector<TimedTake>& takes, const Timetable& timetable);

}  // namespace longtake::generator
