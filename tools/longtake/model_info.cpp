#include "tools/longtake/model_info.h"

#include "diffusion/ops/linear.h"
#include "diffusion/video_model.h"

#include <fmt/ranges.h>

namespace longtake::cli {
void print_model(const std::filesystem::path& folder) {
    const auto model = diffusion::VideoModel::load(folder, diffusion::preferred_compute_type());
    const auto& video = model->config();
    const auto& t = model->transformer().config();
    fmt::print("{:<12} {}x{} at {:.6g} frames/s\n", "video", video.width, video.height,
               video.frame_rate);
    fmt::print("{:<12} steps {}, shift {:.6g}, chunks of {} latent frames, window of {}\n",
               "generation", fmt::join(video.denoising_steps, " "), video.shift, video.chunk_frames,
               video.window_frames);
    fmt::print("{:<12} {} layers, {} heads of {}, feed-forward {}, text {} x {}\n", "transformer",
               t.layers, t.heads, t.head_dim, t.ffn_dim, t.text_len, t.text_dim);
    fmt::print("{}", model->describe());
}

}  // namespace longtake::cli
