#pragma once

#include "core/device.h"
#include "core/frame_rate.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/cloud.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::cli {

// What `render` draws: a file of Gaussians, which stands still, or a stream of them.
class Scene {
  public:
    // Throws InputError when it is neither. On request a stream goes on with the next sound key
    // after damage.
    static std::unique_ptr<Scene> open(const std::string& address, Device device,
                                       bool skip_damaged = false);
    virtual ~Scene() = default;

    // On the device; valid until the next call, whose time is later. After its end a stream stands
    // still.
    virtual const gaussians::Cloud& at(double seconds) = 0;

    std::optional<double> seconds;           // how long a stream is, where that is known
    std::optional<FrameRate> frame_rate;     // of a stream
    std::optional<double> near;              // what a stream says of it
    std::vector<gaussians::Camera> cameras;  // that saw a stream; may be none
};

}  // namespace longtake::cli
