#pragma once

#include "generator/session.h"
#include "generator/take.h"
#include "generator/timetable.h"

#include <functional>
#include <memory>

namespace longtake::cli {

// What takes of one model do at the same time, each on a thread of its own.
struct TogetherFigures {
    double frames_per_second = 0;  // of all of them
    double slowest = 0;            // of the one that was last
    double chunk_ms = 0;           // 99 % of all chunks took no longer
};

struct SteeredSession {
    std::unique_ptr<generator::Session> session;
    generator::Steer steer;
};

// Every take makes `chunks` chunks, after as many before that as it takes to fill its window and to
// see every kind of pass twice.
TogetherFigures measure_together(int sessions, int chunks,
                                 const std::function<SteeredSession()>& open);

// The same as fast as each is watched, by `workers` threads.
generator::TimetableReport measure_paced(int sessions, int chunks, int workers,
                                         const std::function<SteeredSession()>& open);

}  // namespace longtake::cli
