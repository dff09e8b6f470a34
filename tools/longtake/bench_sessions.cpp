#include "tools/longtake/bench_sessions.h"

#include "generator/stopwatch.h"
#include "tools/longtake/take_summary.h"

#include <omp.h>

#include <algorithm>
#include <future>
#include <vector>

namespace longtake::cli {
namespace {

struct Times {
    double frames = 0, seconds = 0;
    std::vector<double> chunks;  // ms
};

Times make_chunks(SteeredSession& take, int count) {
    Times times;
    const generator::Stopwatch all;
    for (int i = 0; i < count; ++i) {
        const generator::Stopwatch watch;
        take.steer(*take.session);
        times.frames += static_cast<double>(take.session->step()->frames.extent(0));
        take.session->finalize();
        times.chunks.push_back(watch.milliseconds());
    }
    times.seconds = all.seconds();
    return times;
}

// With a full window, and every pass of it seen twice: what comes again was recorded by then.
std::vector<SteeredSession> open_warm(int sessions, const std::function<SteeredSession()>& open) {
    std::vector<SteeredSession> takes;
    for (int i = 0; i < sessions; ++i) {
        takes.push_back(open());
        const auto& c = takes.back().session->model().config();
        make_chunks(takes.back(), 2 * static_cast<int>(c.window_frames / c.chunk_frames));
    }
    return takes;
}

// Of each take.
int threads_of(int at_a_time) {
    return std::max(1, omp_get_max_threads() / at_a_time);
}

}  // namespace

TogetherFigures measure_together(int sessions, int chunks,
                                 const std::function<SteeredSession()>& open) {
    std::vector<SteeredSession> takes = open_warm(sessions, open);
    const generator::Stopwatch watch;
    std::vector<std::future<Times>> running;
    const int threads = threads_of(sessions);
    for (SteeredSession& take : takes) {
        running.push_back(std::async(std::launch::async, [&] {
            omp_set_num_threads(threads);
            return make_chunks(take, chunks);
        }));
    }
    TogetherFigures f;
    double frames = 0;
    std::vector<double> all;
    for (auto& one : running) {
        const Times times = one.get();
        frames += times.frames;
        const double rate = times.frames / times.seconds;
        f.slowest = f.slowest == 0 ? rate : std::min(f.slowest, rate);
        all.insert(all.end(), times.chunks.begin(), times.chunks.end());
    }
    f.frames_per_second = frames / watch.seconds();
    f.chunk_ms = quantile(std::move(all), 0.99);
    return f;
}

generator::TimetableReport measure_paced(int sessions, int chunks, int workers,
                                         const std::function<SteeredSession()>& open) {
    std::vector<SteeredSession> takes = open_warm(sessions, open);
    const int threads = threads_of(workers);
    std::vector<generator::TimedTake> timed;
    for (SteeredSession& take : takes) {
        timed.push_back({[&take, threads] {
                             omp_set_num_threads(threads);
                             take.steer(*take.session);
                             take.session->step();
                         },
                         [&take] { take.session->finalize(); }});
    }
    const auto& c = takes.front().session->model().config();
    const auto frames = static_cast<double>(c.chunk_frames * diffusion::kLatentFrames);
    return generator::keep_timetable(
        timed, {.period = frames / c.frame_rate, .chunks = chunks, .workers = workers});
}

}  // namespace longtake::cli
