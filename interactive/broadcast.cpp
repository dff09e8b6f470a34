#include "interactive/broadcast.h"

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr size_t kMostChunks = 2;     // that wait to be sent
constexpr double kLongestPause = 16;  // seconds between attempts
constexpr int64_t kBitRate = 4'000'000;

}  // namespace

Broadcast::Broadcast(double pause) : pause_(pause) {}

Broadcast::~Broadcast() {
    stop();
}

void Broadcast::start(Connect connect) {
    stop();
    const std::lock_guard lock(mutex_);
    state_ = {.line = Line::Connecting, .sent = 0, .left_out = 0, .trouble = {}};
    closing_ = false;
    thread_ = std::thread([this, connect = std::move(connect)] { work(connect); });
}

void Broadcast::stop() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        waiting_.clear();
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
    const std::lock_guard lock(mutex_);
    state_.line = Line::Off;
}

Broadcast::State Broadcast::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void Broadcast::tap(const Tensor& frames) {
    const std::lock_guard lock(mutex_);
    if (state_.line == Line::Off || closing_) {
        return;
    }
    if (state_.line == Line::Waiting || waiting_.size() >= kMostChunks) {
        state_.left_out += frames.extent(0);
        return;
    }
    waiting_.push_back(frames.clone());
    changed_.notify_all();
}

bool Broadcast::next(Tensor& frames) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (closing_) {
        return false;
    }
    frames = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
}

void Broadcast::rest(double seconds) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return closing_; });
    if (!closing_) {
        state_.line = Line::Connecting;
    }
}

void Broadcast::work(const Connect& connect) {
    std::unique_ptr<FrameWriter> writer;
    double pause = pause_;
    Tensor frames;
    while (next(frames)) {
        try {
            if (!writer) {
                writer = connect(frames.extent(1), frames.extent(2));
            }
            writer->write(frames);
            pause = pause_;
            const std::lock_guard lock(mutex_);
            state_.line = Line::Sending;
            state_.sent += frames.extent(0);
        } catch (const Error& e) {
            writer.reset();
            {
                const std::lock_guard lock(mutex_);
                state_.line = Line::Waiting;
                state_.trouble = e.what();
                state_.left_out += frames.extent(0);
                for (const Tensor& late : waiting_) {
                    state_.left_out += late.extent(0);
                }
                waiting_.clear();
            }
            rest(std::exchange(pause, std::min(2 * pause, kLongestPause)));
        }
    }
    if (writer) {
        try {
            writer->finish();
        } catch (const Error& e) {
            const std::lock_guard lock(mutex_);
            state_.trouble = e.what();
        }
    }
}

bool is_live_address(const std::string& address) {
    constexpr std::array kSchemes{"rtmp://", "rtmps://", "srt://", "udp://", "tcp://"};
    return std::ranges::any_of(kSchemes,
                               [&](const char* scheme) { return address.starts_with(scheme); });
}

Broadcast::Connect connect_to(const std::string& address, double frame_rate) {
    return [=](int64_t height, int64_t width) {
        VideoOptions options;
        options.height = height;
        options.width = width;
        options.frame_rate = FrameRate::parse(fmt::format("{}", frame_rate));
        options.bit_rate = kBitRate;
        return make_frame_writer(address, options);
    };
}

}  // namespace longtake::interactive
