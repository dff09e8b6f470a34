#include "interactive/live_motion.h"

#include "core/error.h"
#include "tests/core/free_port.h"
#include "tests/generator/moving_video.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <iterator>
#include <thread>

namespace longtake::interactive {
namespace {

using namespace std::chrono_literals;

constexpr generator::TrackFrame kTake{.width = 256, .height = 144, .frame_rate = 16};
constexpr int64_t kFrames = 60, kChunk = 4;

std::string video_that_moves() {
    const TemporaryFolder folder;
    const std::string path = generator::video_of({.carried = {2, 0}}, folder, 16, kFrames);
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Sends the first half of a video, and the rest when it is told to.
class StallingServer {
  public:
    StallingServer() {
        const OwnPort own;
        address_ = fmt::format("tcp://127.0.0.1:{}", own.port);
        ::listen(own.socket, 1);
        thread_ = std::thread([this, listener = own.socket, video = video_that_moves()] {
            const int socket = ::accept(listener, nullptr, nullptr);
            const size_t half = video.size() / 2;
            send(socket, std::string_view(video).substr(0, half));
            if (go_on_.get_future().get()) {
                send(socket, std::string_view(video).substr(half));
            }
            ::close(socket);
            ::close(listener);
        });
    }
    ~StallingServer() {
        if (!told_) {
            go_on_.set_value(false);
        }
        thread_.join();
    }
    StallingServer(const StallingServer&) = delete;
    StallingServer& operator=(const StallingServer&) = delete;

    const std::string& address() const { return address_; }
    void go_on() {
        told_ = true;
        go_on_.set_value(true);
    }

  private:
    static void send(int socket, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;  // nobody listens any more
            }
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
    }

    std::string address_;
    std::promise<bool> go_on_;  // false: nobody wants the rest
    bool told_ = false;
    std::thread thread_;
};

// Pixels to the right from the first frame to the next, on average.
double step_of(const generator::Tracks& tracks) {
    double sum = 0;
    int64_t seen = 0;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        const auto &a = tracks.at(0, n), &b = tracks.at(1, n);
        if (a.visible && b.visible) {
            sum += static_cast<double>(b.x - a.x);
            ++seen;
        }
    }
    return sum / static_cast<double>(seen);
}

TEST(LiveMotion, AStreamThatStallsIsNotWaitedForAndGoesOnWhereItWas) {
    StallingServer server;
    LiveMotion motion(server.address(), kTake, 16);
    int64_t first = 0, given = 0;
    while (true) {
        const auto tracks = motion.at(first, kChunk, given == 0 ? 60s : 3s);
        first += kChunk;
        if (motion.late()) {
            break;
        }
        ASSERT_EQ(tracks.frames(), kChunk);
        EXPECT_NEAR(step_of(tracks), 2, 0.1);
        given += kChunk;
    }
    EXPECT_LT(given, kFrames);
    for (int chunk = 0; chunk < 10; ++chunk, first += kChunk) {  // of the take, which goes on
        EXPECT_TRUE(motion.at(first, kChunk, 60s).empty());
    }
    server.go_on();
    while (given < kFrames) {
        const auto tracks = motion.at(first, kChunk, 60s);
        first += kChunk;
        if (tracks.empty()) {
            ASSERT_TRUE(motion.late());
            std::this_thread::sleep_for(10ms);
            continue;
        }
        EXPECT_NEAR(step_of(tracks), 2, 0.1);
        given += tracks.frames();
    }
    EXPECT_EQ(given, kFrames);
    EXPECT_TRUE(motion.at(first, kChunk, 60s).empty());
    EXPECT_FALSE(motion.late());
}

TEST(LiveMotion, EndsWhileItWaits) {
    StallingServer server;
    LiveMotion motion(server.address(), kTake, 16);  // goes first
    for (int64_t first = 0; !motion.late(); first += kChunk) {
        motion.at(first, kChunk, 500ms);
    }
}

TEST(LiveMotion, BadVideosAreNamed) {
    LiveMotion motion("missing.mp4", kTake, 16);
    EXPECT_THROW(motion.at(0, kChunk, 60s), InputError);
}

}  // namespace
}  // namespace longtake::interactive
