#pragma once

#include "generator/session.h"
#include "generator/take.h"

#include <functional>
#include <memory>

namespace longtake::cli {

// What takes of one model do at the same time, each on a thread of its own.
struct TogetherFigures {
    double frames_per_second = 0;  // of all of them
    double slowest = 0;            // of the one that was last
    double chunk_ms = 0;           // 99 % of all chunks took no longer
};

// `open` makes a session and says how to steer it. Every take makes `chunks` chunks, after as many
// before that as it takes to fill its window and to see every kind of pass twice.
TogetherFigures measure_together(
    int sessions, int chunks,
    const std::function<std::pair<std::unique_ptr<generator::Session>, generator::Steer>()>& open);

}  // namespace longtake::cli
