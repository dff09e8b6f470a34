#include "core/error.h"
#include "core/text.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/video_model.h"
#include "diffusion/weights/model_folder.h"

#include <algorithm>
#include <functional>

namespace longtake::diffusion {

VideoModelConfig VideoModelConfig::read(const std::filesystem::path& path) {
    VideoModelConfig c;
    if (!std::filesystem::exists(path)) {
        return c;
    }
    const ConfigReader reader(path);
    reader.require("num_train_timesteps", 1000);
    reader.read("shift", c.shift);
    reader.read("flow_shift", c.shift);
    reader.read("denoising_steps", c.denoising_steps);
    reader.read("chunk_frames", c.chunk_frames);
    reader.read("window_frames", c.window_frames);
    reader.read("frame_rate", c.frame_rate);
    reader.read("width", c.width);
    reader.read("height", c.height);
    reader.read("tracks", c.tracks);
    check_input(c.tracks.empty() || c.tracks == "none" || make_point_rule(c.tracks),
                "{}: tracks must be ati, wan-move or none, not {}", path.string(),
                in_quotes(c.tracks));
    check_input(!c.denoising_steps.empty() && c.denoising_steps.front() <= 1000 &&
                    std::ranges::is_sorted(c.denoising_steps, std::ranges::greater_equal{}),
                "{}: denoising_steps must fall from 1000 or less", path.string());
    check_input(c.window_frames >= c.chunk_frames,
                "{}: window_frames {} is less than chunk_frames {}", path.string(), c.window_frames,
                c.chunk_frames);
    return c;
}

VideoModelConfig VideoModelConfig::of(const ModelFolder& folder) {
    VideoModelConfig c = read(folder.scheduler);
    if (c.tracks.empty()) {
        c.tracks = folder.named_rule();
    }
    return c;
}

}  // namespace longtake::diffusion
