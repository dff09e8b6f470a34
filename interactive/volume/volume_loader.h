#pragma once

#include "interactive/volume/volume_source.h"

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace longtake::interactive {

// Reads frames on a thread of its own: what is wanted, then what is likely to be next.
class VolumeLoader {
  public:
    static constexpr int64_t kAhead = 2;  // frames that are read before they are wanted
    using Frame = std::shared_ptr<const VolumeFrame>;

    explicit VolumeLoader(std::unique_ptr<VolumeSource> source);
    ~VolumeLoader();
    VolumeLoader(const VolumeLoader&) = delete;
    VolumeLoader& operator=(const VolumeLoader&) = delete;

    // From now on on a thread; `on_frame` is called there for each that is there.
    void start(std::function<void()> on_frame);
    // Without a thread: reads the first that is wanted and not there.
    void pump();

    // In the order in which they are wanted; others are forgotten.
    void want(std::vector<int64_t> frames);
    Frame get(int64_t frame) const;  // nothing until it is there
    // What could not be read, once; it counts as there, as the last frame that could.
    std::vector<std::string> take_complaints();
    void check_alive();  // throws what ended the thread

  private:
    bool read_next(std::unique_lock<std::mutex>& lock);
    void work(const std::function<void()>& on_frame);

    std::unique_ptr<VolumeSource> source_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<int64_t> wanted_;
    std::map<int64_t, Frame> frames_;
    Frame last_;
    std::vector<std::string> complaints_;
    std::exception_ptr error_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace longtake::interactive
