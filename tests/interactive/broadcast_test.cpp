#include "interactive/broadcast.h"

#include "core/error.h"
#include "core/video_reader.h"
#include "tests/core/free_port.h"
#include "tests/core/media_testing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace longtake::interactive {
namespace {

using Line = Broadcast::Line;

constexpr double kPause = 0.02;  // seconds

bool within_seconds(double seconds, const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!holds() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return holds();
}

// The other side of a line: takes frames, or breaks, as told.
struct Far {
    std::atomic<bool> up = true;
    std::atomic<bool> stuck = false;
    std::atomic<int> connections = 0;
    std::atomic<int64_t> frames = 0;
    std::atomic<bool> finished = false;

    Broadcast::Connect connect() {
        class Writer : public FrameWriter {
          public:
            explicit Writer(Far& far) : far_(far) {}
            void write(const Tensor& frames) override {
                while (far_.stuck) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
                check(far_.up, "the line is down");
                far_.frames += frames.extent(0);
            }
            void finish() override { far_.finished = true; }

          private:
            Far& far_;
        };
        return [this](int64_t, int64_t) -> std::unique_ptr<FrameWriter> {
            check(up, "nobody there");
            ++connections;
            return std::make_unique<Writer>(*this);
        };
    }
};

Tensor chunk() {
    return synthetic_frames(0, 12, 96, 160);
}

TEST(Broadcast, SendsWhatIsTappedAndEndsTheStream) {
    Far far;
    Broadcast broadcast(kPause);
    broadcast.tap(chunk());  // off: nobody wants it
    broadcast.start(far.connect());
    broadcast.tap(chunk());
    EXPECT_TRUE(within_seconds(5, [&] { return broadcast.state().sent == 12; }));
    EXPECT_EQ(broadcast.state().line, Line::Sending);
    broadcast.stop();
    EXPECT_EQ(broadcast.state().line, Line::Off);
    EXPECT_TRUE(far.finished);
    EXPECT_EQ(far.frames, 12);
}

TEST(Broadcast, ConnectsAgain) {
    Far far;
    far.up = false;
    Broadcast broadcast(kPause);
    broadcast.start(far.connect());
    broadcast.tap(chunk());
    EXPECT_TRUE(within_seconds(5, [&] { return broadcast.state().trouble == "nobody there"; }));
    far.up = true;
    const auto arrives = [&](int64_t frames) {
        return within_seconds(5, [&] {
            if (broadcast.state().line != Line::Waiting && far.frames < frames) {
                broadcast.tap(chunk());
            }
            return far.frames >= frames;
        });
    };
    EXPECT_TRUE(arrives(12));
    far.up = false;
    broadcast.tap(chunk());
    EXPECT_TRUE(within_seconds(5, [&] { return broadcast.state().trouble == "the line is down"; }));
    far.up = true;
    EXPECT_TRUE(arrives(far.frames + 12));
    EXPECT_EQ(far.connections, 2);
    EXPECT_GE(broadcast.state().left_out, 24);
}

TEST(Broadcast, ASlowLineNeverHoldsUpTheTake) {
    Far far;
    far.stuck = true;
    Broadcast broadcast(kPause);
    broadcast.start(far.connect());
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        broadcast.tap(chunk());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
    EXPECT_GE(broadcast.state().left_out, 17 * 12);
    far.stuck = false;
}

TEST(Broadcast, ReachesAReceiver) {
    const std::string address = fmt::format("tcp://127.0.0.1:{}", free_port());
    Tensor received;
    std::thread receiver([&] { received = read_video(address + "?listen", 100'000); });
    Broadcast broadcast(kPause);
    broadcast.start(connect_to(address, 16));
    EXPECT_TRUE(within_seconds(20, [&] {
        broadcast.tap(chunk());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        return broadcast.state().sent >= 36;
    }));
    broadcast.stop();
    receiver.join();
    ASSERT_GE(received.extent(0), 36);
    EXPECT_EQ(received.extent(1), 96);
    EXPECT_EQ(received.extent(2), 160);
}

TEST(Broadcast, KnowsAddresses) {
    EXPECT_TRUE(is_live_address("rtmp://127.0.0.1/live/x"));
    EXPECT_TRUE(is_live_address("srt://example.org:9000"));
    EXPECT_FALSE(is_live_address("https://example.org"));
    EXPECT_FALSE(is_live_address("take.mp4"));
}

}  // namespace
}  // namespace longtake::interactive
