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
using OpenSession = std::function<SteeredSession(std::shared_ptr<diffusion::TransformerWorkspace>)>;

struct ManySessions {
    int sessions = 1;
    int batch = 1;  // of them make their passes together; it divides `sessions`
    int chunks = 1;
};

// Every take makes its chunks after as many before that as it takes to fill its window and to see
// every kind of pass twice.
TogetherFigures measure_together(const ManySessions& many, Device device, const OpenSession& open);

// The same as fast as each is watched, by `workers` threads.
generator::TimetableReport measure_paced(const ManySessions& many, int workers, Device device,
                                         const OpenSession& open);

}  // namespace longtake::cli
