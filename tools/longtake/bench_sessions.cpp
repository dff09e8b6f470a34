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

// Takes that make their passes together.
class Batch {
  public:
    Batch(int takes, Device device, const OpenSession& open) {
        const auto workspace = std::make_shared<diffusion::TransformerWorkspace>(device);
        for (int i = 0; i < takes; ++i) {
            takes_.push_back(open(workspace));
            sessions_.push_back(takes_.back().session.get());
        }
    }
    // Frames of all of them.
    int64_t make() {
        for (SteeredSession& take : takes_) {
            take.steer(*take.session);
        }
        int64_t frames = 0;
        for (const generator::Chunk& chunk : generator::Session::step_together(sessions_)) {
            frames += chunk.frames.extent(0);
        }
        return frames;
    }
    void finish() {
        for (generator::Session* session : sessions_) {
            session->finalize();
        }
    }
    const diffusion::VideoModelConfig& config() const { return sessions_[0]->model().config(); }

  private:
    std::vector<SteeredSession> takes_;
    std::vector<generator::Session*> sessions_;
};

Times make_chunks(Batch& batch, int count) {
    Times times;
    const generator::Stopwatch all;
    for (int i = 0; i < count; ++i) {
        const generator::Stopwatch watch;
        times.frames += static_cast<double>(batch.make());
        batch.finish();
        times.chunks.push_back(watch.milliseconds());
    }
    times.seconds = all.seconds();
    return times;
}

// With a full window, and every pass of it seen twice: what comes again was recorded by then.
std::vector<Batch> open_warm(const ManySessions& many, Device device, const OpenSession& open) {
    std::vector<Batch> batches;
    for (int i = 0; i < many.sessions; i += many.batch) {
        batches.emplace_back(many.batch, device, open);
        const auto& c = batches.back().config();
        make_chunks(batches.back(), 2 * static_cast<int>(c.window_frames / c.chunk_frames));
    }
    return batches;
}

// Of each take.
int threads_of(int at_a_time) {
    return std::max(1, omp_get_max_threads() / at_a_time);
}

}  // namespace

TogetherFigures measure_together(const ManySessions& many, Device device, const OpenSession& open) {
    std::vector<Batch> batches = open_warm(many, device, open);
    const generator::Stopwatch watch;
    std::vector<std::future<Times>> running;
    const int threads = threads_of(static_cast<int>(batches.size()));
    for (Batch& batch : batches) {
        running.push_back(std::async(std::launch::async, [&] {
            omp_set_num_threads(threads);
            return make_chunks(batch, many.chunks);
        }));
    }
    TogetherFigures f;
    double frames = 0;
    std::vector<double> all;
    for (auto& one : running) {
        const Times times = one.get();
        frames += times.frames;
        const double rate = times.frames / times.seconds / many.batch;
        f.slowest = f.slowest == 0 ? rate : std::min(f.slowest, rate);
        all.insert(all.end(), times.chunks.begin(), times.chunks.end());
    }
    f.frames_per_second = frames / watch.seconds();
    f.chunk_ms = quantile(std::move(all), 0.99);
    return f;
}

generator::TimetableReport measure_paced(const ManySessions& many, int workers, Device device,
                                         const OpenSession& open) {
    std::vector<Batch> batches = open_warm(many, device, open);
    const int threads = threads_of(workers);
    std::vector<generator::TimedTake> timed;
    for (Batch& batch : batches) {
        timed.push_back({[&batch, threads] {
                             omp_set_num_threads(threads);
                             batch.make();
                         },
                         [&batch] { batch.finish(); }});
    }
    const auto& c = batches.front().config();
    const auto frames = static_cast<double>(c.chunk_frames * diffusion::kLatentFrames);
    auto report = generator::keep_timetable(
        timed, {.period = frames / c.frame_rate, .chunks = many.chunks, .workers = workers});
    std::vector<double> of_takes;
    for (const double ms : report.ready_ms) {
        of_takes.insert(of_takes.end(), static_cast<size_t>(many.batch), ms);
    }
    report.ready_ms = std::move(of_takes);
    report.late *= many.batch;
    return report;
}

}  // namespace longtake::cli
