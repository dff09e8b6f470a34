#pragma once

#include "core/video_writer.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/moving_texture.h"

#include <string>

namespace longtake::generator {

// The texture as a lossless video of so many frames a second.
inline std::string video_of(const MovingTexture& texture, const TemporaryFolder& folder, int rate,
                            int64_t frames) {
    const std::string path = folder / "motion.mkv";
    auto writer = make_frame_writer(path, {.height = texture.height,
                                           .width = texture.width,
                                           .frame_rate = {rate, 1},
                                           .codec = "ffv1",
                                           .preset = {},
                                           .pixel_format = {}});
    for (int64_t t = 0; t < frames; ++t) {
        writer->write(texture.frame(t).reshape({1, texture.height, texture.width, 3}));
    }
    writer->finish();
    return path;
}

}  // namespace longtake::generator
