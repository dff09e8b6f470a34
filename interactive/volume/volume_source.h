#pragma once

#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/scene/camera.h"
#include "render/splats/splat_view.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::interactive {

// What a frame did to a Gaussian: rows of render::SplatLook::marks.
enum class Mark : uint8_t {
    Still,    // nothing
    Moved,    // its centre, which a gate lets through
    Changed,  // something else of it
    Fresh,    // all there is: a key
};

// A frame of Gaussians, to draw and to look into.
struct VolumeFrame {
    int64_t number = 0;  // from 0
    render::Splats splats;
    bool key = false;
    int64_t bytes = 0;                                      // of its file, or in the stream
    std::array<uint32_t, gaussians::kStreamParts> parts{};  // of these; a stream's
    int64_t changed = 0;                                    // Gaussians
    std::array<int64_t, gaussians::CodingState::kChanges> columns{};  // that changed in each
    double read_ms = 0;                                               // read, decoded, made floats
};

struct VolumeInfo {
    std::string name;    // for people
    std::string format;  // likewise
    bool stream = false;
    int64_t frames = 1;
    double frame_rate = 30;
    std::vector<uint32_t> frame_bytes;       // of each, where that is known
    std::vector<uint8_t> keys;               // whether each is one, likewise
    std::vector<gaussians::Camera> cameras;  // that saw it; may be none
    double near = 0.01;                      // scene units left out before a camera
};

// Gaussians over time: a stream, a file, which stands still, or a folder of files.
class VolumeSource {
  public:
    // Throws InputError saying why there is nothing to see.
    static std::unique_ptr<VolumeSource> open(const std::string& address);
    // Whether `open` is worth trying, told by content.
    static bool suits(const std::string& address);
    virtual ~VolumeSource() = default;

    const VolumeInfo& info() const { return info_; }
    // Throws InputError saying what is damaged. Frames read in order cost least.
    VolumeFrame read(int64_t frame);

  protected:
    virtual void load(int64_t frame, VolumeFrame& into) = 0;
    VolumeInfo info_;
};

}  // namespace longtake::interactive
