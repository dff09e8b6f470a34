#pragma once

#include "render/device.h"

#include <string>
#include <utility>
#include <vector>

namespace longtake::render {

// How long the device takes for the passes of a submission, by its own time stamps.
class PassClock {
  public:
    explicit PassClock(const Device& device);

    // Where the first pass begins; forgets what was measured before.
    void begin(VkCommandBuffer commands);
    // Where a pass ends; the next begins when it is done.
    void end_pass(VkCommandBuffer commands, const char* name);
    // Milliseconds of each pass, once the submission is done.
    std::vector<std::pair<std::string, double>> read() const;

  private:
    static constexpr uint32_t kMost = 32;
    void stamp(VkCommandBuffer commands);

    const Device& device_;
    Handle<VkQueryPool> pool_;
    std::vector<const char*> names_;
    uint32_t stamps_ = 0;
};

// Where there may be no clock.
inline void end_pass(PassClock* clock, VkCommandBuffer commands, const char* name) {
    if (clock != nullptr) {
        clock->end_pass(commands, name);
    }
}

}  // namespace longtake::render
