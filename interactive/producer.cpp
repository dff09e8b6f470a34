#include "interactive/producer.h"

#include "core/error.h"
#include "generator/stopwatch.h"

#include <chrono>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr std::chrono::milliseconds kLook{10};  // how often a stuck take looks for controls

}  // namespace

Producer::Producer(std::unique_ptr<ChunkMaker> maker, const generator::ControlQueue& controls,
                   ChunkQueue& queue, Tap tap)
    : maker_(std::move(maker)), controls_(controls), queue_(queue), tap_(std::move(tap)) {}

Producer::~Producer() {
    closing_ = true;
    queue_.close();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Producer::start(std::function<void()> on_chunk) {
    thread_ = std::thread([this, on_chunk = std::move(on_chunk)] { work(on_chunk); });
}

void Producer::produce() {
    if (!queue_.has_room() || (stuck_ && !controls_.waiting())) {
        return;
    }
    try {
        const generator::Stopwatch watch;
        if (auto chunk = maker_->make([this] { return closing_.load(); })) {
            for (std::string& complaint : chunk->complaints) {
                note(std::move(complaint));
            }
            chunk->seconds = free_of_charge_ ? 0 : watch.seconds() + 1e-3 * chunk->finalize_ms;
            if (tap_) {
                tap_(*chunk);
            }
            queue_.push(std::move(*chunk));
        }
        stuck_ = false;
    } catch (const InputError& e) {
        note(e.what());
        stuck_ = true;
    }
}

void Producer::pump() {
    free_of_charge_ = true;
    if (queue_.has_room()) {
        produce();
        maker_->finish();
    }
}

void Producer::work(const std::function<void()>& on_chunk) {
    try {
        while (queue_.wait_for_room()) {
            produce();
            on_chunk();
            if (stuck_) {
                std::this_thread::sleep_for(kLook);
            } else if (!closing_) {
                maker_->finish();
            }
        }
    } catch (...) {
        const std::lock_guard lock(mutex_);
        error_ = std::current_exception();
        on_chunk();
    }
}

void Producer::note(std::string notice) {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(notice));
}

std::vector<std::string> Producer::take_notices() {
    const std::lock_guard lock(mutex_);
    return std::exchange(notices_, {});
}

void Producer::check_alive() {
    const std::lock_guard lock(mutex_);
    if (error_) {
        std::rethrow_exception(std::exchange(error_, nullptr));
    }
}

}  // namespace longtake::interactive
