#include "generator/threaded_writer.h"

#include "core/error.h"

#include <cstring>
#include <utility>

namespace longtake::generator {

ThreadedWriter::ThreadedWriter(std::unique_ptr<FrameWriter> writer)
    : writer_(std::move(writer)), thread_([this] { work(); }) {}

ThreadedWriter::~ThreadedWriter() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void ThreadedWriter::write(const Tensor& frames) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !full_ || error_; });
    if (error_) {
        std::rethrow_exception(error_);
    }
    if (waiting_.empty() || waiting_.bytes() < frames.bytes()) {
        waiting_ = Tensor(frames.shape(), frames.dtype());
    }
    check(frames.dtype() == DType::U8, "frames of type {}", name_of(frames.dtype()));
    shape_ = frames.shape();
    std::memcpy(waiting_.raw(), frames.raw(), frames.bytes());
    full_ = true;
    changed_.notify_all();
}

void ThreadedWriter::finish() {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return (!full_ && !working_) || error_; });
        if (error_) {
            std::rethrow_exception(error_);
        }
    }
    writer_->finish();
}

void ThreadedWriter::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return full_ || closing_; });
        if (closing_) {
            return;
        }
        std::swap(waiting_, busy_);
        const Tensor frames = Tensor::view(busy_.raw(), shape_, DType::U8);
        full_ = false;
        working_ = true;
        changed_.notify_all();
        lock.unlock();
        std::exception_ptr error;
        try {
            writer_->write(frames);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        working_ = false;
        error_ = error;
        changed_.notify_all();
        if (error_) {
            return;
        }
    }
}

}  // namespace longtake::generator
