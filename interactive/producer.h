#pragma once

#include "generator/control/control_queue.h"
#include "interactive/chunk_maker.h"
#include "interactive/chunk_queue.h"

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace longtake::interactive {

// Keeps the queue full: makes the next chunk as soon as there is room, and not before, so that
// controls are taken up late and reach the screen soon. A new take ends the chunk in the making.
class Producer {
  public:
    // `tap` sees every chunk as it is made, before it waits to be shown.
    using Tap = std::function<void(const MadeChunk&)>;
    Producer(std::unique_ptr<ChunkMaker> maker, const generator::ControlQueue& controls,
             ChunkQueue& queue, Tap tap = {});
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // From now on on a thread of its own; `on_chunk` is called there for every chunk that is ready.
    void start(std::function<void()> on_chunk);
    // Without a thread, on a clock of the caller's on which making costs nothing: makes a chunk
    // when there is room.
    void pump();

    // What the user should know, once.
    std::vector<std::string> take_notices();
    // Throws what ended the thread.
    void check_alive();

  private:
    void produce();
    void work(const std::function<void()>& on_chunk);
    void note(std::string notice);

    std::unique_ptr<ChunkMaker> maker_;
    const generator::ControlQueue& controls_;
    ChunkQueue& queue_;
    const Tap tap_;
    std::atomic<bool> closing_ = false;
    bool stuck_ = false;  // until a control comes
    bool free_of_charge_ = false;
    std::mutex mutex_;
    std::vector<std::string> notices_;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace longtake::interactive
