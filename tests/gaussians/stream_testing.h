#pragma once

#include "gaussians/codec/stream_writer.h"
#include "tests/gaussians/fixed_testing.h"

#include <filesystem>
#include <vector>

// Small streams of any values.
namespace longtake::gaussians {

inline StreamInfo small_info() {
    return {.sh_degree = 1,
            .latents = 2,
            .mean_step = 0x1p-16F,
            .near = 0.2,
            .cameras = {{.width = 64, .height = 48, .fx = 50, .fy = 51, .cx = 31.5, .cy = 24}},
            .notes = {{"preset", "l"}}};
}

// Frames [begin, end), every `period`th a key of 60 Gaussians; the states after them.
inline std::vector<FixedCloud> write_frames(StreamWriter& writer, int begin, int end, int period) {
    std::vector<FixedCloud> states;
    for (int frame = begin; frame < end; ++frame) {
        const auto seed = static_cast<unsigned>(frame);
        states.push_back(frame % period == 0
                             ? writer.key(random_fixed(60, seed)).cloud
                             : writer.residual(random_residual(writer.state(), seed)));
    }
    return states;
}

inline std::vector<FixedCloud> write_stream(const std::filesystem::path& path, int frames,
                                            int period) {
    StreamWriter writer(path, small_info());
    std::vector<FixedCloud> states = write_frames(writer, 0, frames, period);
    writer.finish();
    return states;
}

}  // namespace longtake::gaussians
