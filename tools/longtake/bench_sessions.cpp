#include "tools/longtake/bench_sessions.h"

#include "generator/stopwatch.h"
#include "tools/longtake/take_summary.h"

#include <omp.h>

#include <algorithm>
#include <future>
#include <vector>

namespace longtake::cli {
namespace {

struct Take {
    std::unique_ptr<generator::Session> session;
    generator::Steer steer;
};

struct Times {
    double frames = 0, seconds = 0;
    std::vector<double> chunks;  // ms
};

Times make_chunks(Take& take, int count) {
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

}  // namespace

TogetherFigures measure_together(
    int sessions, int chunks,
    const std::function<std::pair<std::unique_ptr<generator::Session>, generator::Steer>()>& open) {
    std::vector<Take> takes;
    for (int i = 0; i < sessions; ++i) {
        auto [session, steer] = open();
        const auto& c = session->model().config();
        takes.push_back({std::move(session), std::move(steer)});
        // A full window, then every pass of it twice: what comes again was recorded by then.
        make_chunks(takes.back(), 2 * static_cast<int>(c.window_frames / c.chunk_frames));
    }
    const generator::Stopwatch watch;
    std::vector<std::future<Times>> running;
    const int threads = std::max(1, omp_get_max_threads() / sessions);  // of each take
    for (Take& take : takes) {
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

}  // namespace longtake::cli
