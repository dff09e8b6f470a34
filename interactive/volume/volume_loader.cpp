#include "interactive/volume/volume_loader.h"

#include "core/error.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {

VolumeLoader::VolumeLoader(std::unique_ptr<VolumeSource> source) : source_(std::move(source)) {}

VolumeLoader::~VolumeLoader() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void VolumeLoader::start(std::function<void()> on_frame) {
    thread_ = std::thread([this, on_frame = std::move(on_frame)] { work(on_frame); });
}

void VolumeLoader::pump() {
    std::unique_lock lock(mutex_);
    read_next(lock);
}

void VolumeLoader::want(std::vector<int64_t> frames) {
    const std::lock_guard lock(mutex_);
    if (frames != wanted_) {
        wanted_ = std::move(frames);
        std::erase_if(frames_, [&](const auto& entry) {
            return std::ranges::find(wanted_, entry.first) == wanted_.end();
        });
        changed_.notify_all();
    }
}

VolumeLoader::Frame VolumeLoader::get(int64_t frame) const {
    const std::lock_guard lock(mutex_);
    const auto found = frames_.find(frame);
    return found == frames_.end() ? nullptr : found->second;
}

std::vector<std::string> VolumeLoader::take_complaints() {
    const std::lock_guard lock(mutex_);
    return std::exchange(complaints_, {});
}

void VolumeLoader::check_alive() {
    const std::lock_guard lock(mutex_);
    if (error_) {
        std::rethrow_exception(std::exchange(error_, nullptr));
    }
}

// False where all that is wanted is there.
bool VolumeLoader::read_next(std::unique_lock<std::mutex>& lock) {
    const auto missing =
        std::ranges::find_if(wanted_, [&](int64_t f) { return !frames_.contains(f); });
    if (missing == wanted_.end()) {
        return false;
    }
    const int64_t number = *missing;
    lock.unlock();
    Frame frame;
    std::string complaint;
    try {
        frame = std::make_shared<const VolumeFrame>(source_->read(number));
    } catch (const InputError& e) {
        complaint = e.what();
    }
    lock.lock();
    if (!complaint.empty()) {
        complaints_.push_back(std::move(complaint));
        frame = last_ ? last_ : std::make_shared<const VolumeFrame>();
    }
    last_ = frame;
    frames_[number] = std::move(frame);
    return true;
}

void VolumeLoader::work(const std::function<void()>& on_frame) {
    std::unique_lock lock(mutex_);
    try {
        while (!closing_) {
            if (read_next(lock)) {
                lock.unlock();
                on_frame();
                lock.lock();
            } else {
                changed_.wait(lock);
            }
        }
    } catch (...) {
        if (!lock.owns_lock()) {
            lock.lock();
        }
        error_ = std::current_exception();
        lock.unlock();
        on_frame();
    }
}

}  // namespace longtake::interactive
