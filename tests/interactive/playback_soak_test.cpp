#include "interactive/volume/playback.h"
#include "interactive/volume/volume_loader.h"
#include "tests/core/sanitized.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

// The bundled stream played by the clock on the wall for LONGTAKE_SOAK_SECONDS, 3 when it is not
// set: a line of JSON a minute.
namespace longtake::interactive {
namespace {

double seconds() {
    using std::chrono::steady_clock;
    return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

double resident_mib() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmRSS:") {
    }
    double kib = 0;
    status >> kib;
    return kib / 1024;
}

TEST(PlaybackSoak, NoFrameIsLeftOutAndMemoryStays) {
    const char* wanted = std::getenv("LONGTAKE_SOAK_SECONDS");
    const double length = wanted != nullptr ? std::stod(wanted) : 3;
    auto source = VolumeSource::open(
        (std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv").string());
    Playback playback(source->info().frames, source->info().frame_rate);
    VolumeLoader loader(std::move(source));
    std::mutex mutex;
    std::condition_variable changed;
    loader.start([&] { changed.notify_one(); });

    const double begin = seconds();
    double first = 0, report = begin + std::min(60.0, length / 3), settled = 0;
    std::vector<double> late;  // of the frames since the last report: after they were due, in ms
    while (seconds() < begin + length) {
        std::vector<int64_t> ahead;
        for (int64_t i = 0; i <= VolumeLoader::kAhead; ++i) {
            ahead.push_back(playback.after_wanted(i));
        }
        loader.want(ahead);
        loader.check_alive();
        const int64_t before = playback.shown();
        const double due = playback.due(), now = seconds();
        if (playback.advance(now, [&](int64_t f) { return loader.get(f) != nullptr; })) {
            ASSERT_EQ(playback.shown(), (before + 1) % playback.frames());
            ASSERT_NE(loader.get(playback.shown()), nullptr);
            first = before < 0 ? now : first;
            late.push_back(before < 0 ? 0 : 1000 * (now - due));
        }
        if (now > report) {
            std::ranges::sort(late);
            const double memory = resident_mib();
            settled = settled == 0 ? memory : settled;
            ASSERT_FALSE(late.empty());
            std::cout << fmt::format(
                             R"({{"seconds": {:.1f}, "frames": {}, "behind_the_clock_s": {:.3f}, )"
                             R"("late_p50_ms": {:.2f}, "late_p99_ms": {:.2f}, "mib": {:.1f}}})",
                             now - first, playback.frames_shown(),
                             now - first - playback.frames_shown() / playback.rate(),
                             late[late.size() / 2], late[late.size() * 99 / 100], memory)
                      << std::endl;
            late.clear();
            report += std::min(60.0, length / 3);
        }
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::duration<double>(
                                   std::clamp(playback.due() - seconds(), 0.001, 0.02)));
    }
    EXPECT_GT(playback.frames_shown(), 0);
    if (!LONGTAKE_SANITIZED) {
        EXPECT_LT(resident_mib(), settled + 8);
    }
    EXPECT_TRUE(loader.take_complaints().empty());
}

}  // namespace
}  // namespace longtake::interactive
