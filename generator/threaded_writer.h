#pragma once

#include "core/video_writer.h"

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace longtake::generator {

// Writes on a thread of its own, so that the next chunk is made while this one is encoded. Holds
// at most one chunk that waits; a `write` before its turn blocks. What goes wrong in the writer
// comes out of the next `write` or `finish`.
class ThreadedWriter : public FrameWriter {
  public:
    explicit ThreadedWriter(std::unique_ptr<FrameWriter> writer);
    ~ThreadedWriter() override;

    void write(const Tensor& frames) override;  // copies them
    void finish() override;

  private:
    void work();

    std::unique_ptr<FrameWriter> writer_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Tensor waiting_, busy_;  // buffers; `waiting_` is handed over when `full_`
    Shape shape_;            // of the frames in `waiting_`
    bool full_ = false;
    bool working_ = false;
    bool closing_ = false;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace longtake::generator
