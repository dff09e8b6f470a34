#include "generator/timetable.h"

#include "core/error.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>
#include <utility>

namespace longtake::generator {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

// The next chunk of a take.
struct Departure {
    Clock::time_point from;  // when it may be made; all are due a period later
    size_t take;
    int64_t left;  // chunks, this one included

    bool operator<(const Departure& other) const { return from > other.from; }
};

class Station {
  public:
    Station(const std::vector<TimedTake>& takes, const Timetable& timetable)
        : takes_(takes),
          period_(std::chrono::duration_cast<Clock::duration>(
              std::chrono::duration<double>(timetable.period))) {
        const auto start = Clock::now();
        for (size_t i = 0; i < takes.size() && timetable.chunks > 0; ++i) {
            const auto share = static_cast<Clock::rep>(i) * period_.count() /
                               static_cast<Clock::rep>(takes.size());
            waiting_.push({start + Clock::duration(share), i, timetable.chunks});
        }
    }

    // Until nobody waits: a take that is being made is put back by whoever makes it.
    void work() {
        while (const auto next = take_first()) {
            std::this_thread::sleep_until(next->from);
            const TimedTake& take = takes_[next->take];
            take.make();
            const auto there = Clock::now();
            take.finish();
            put_back(*next, there);
        }
    }

    TimetableReport report() { return std::move(report_); }

  private:
    std::optional<Departure> take_first() {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            return std::nullopt;
        }
        const Departure first = waiting_.top();
        waiting_.pop();
        return first;
    }

    void put_back(Departure made, Clock::time_point there) {
        const std::lock_guard lock(mutex_);
        report_.ready_ms.push_back(milliseconds(there - made.from));
        const auto late = std::max(there - (made.from + period_), Clock::duration(0));
        if (late > Clock::duration(0)) {
            ++report_.late;
            report_.longest_pause_ms = std::max(report_.longest_pause_ms, milliseconds(late));
        }
        if (made.left > 1) {
            waiting_.push({made.from + period_ + late, made.take, made.left - 1});
        }
    }

    const std::vector<TimedTake>& takes_;
    Clock::duration period_;
    std::mutex mutex_;
    std::priority_queue<Departure> waiting_;
    TimetableReport report_;
};

}  // namespace

TimetableReport keep_timetable(const std::vector<TimedTake>& takes, const Timetable& timetable) {
    check(timetable.period > 0 && timetable.workers > 0, "a timetable of {} s and {} workers",
          timetable.period, timetable.workers);
    Station station(takes, timetable);
    std::vector<std::future<void>> workers;
    for (int i = 0; i < timetable.workers; ++i) {
        workers.push_back(std::async(std::launch::async, [&station] { station.work(); }));
    }
    for (const auto& worker : workers) {
        worker.wait();
    }
    for (auto& worker : workers) {
        worker.get();
    }
    return station.report();
}

}  // namespace longtake::generator
