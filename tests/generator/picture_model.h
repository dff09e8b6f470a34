#pragma once

#include "tests/core/temporary_folder.h"
#include "tests/diffusion/picture_folder.h"
#include "tests/generator/tiny_model.h"

#include <string>

namespace longtake::generator {

// An image-to-video model that attends to its picture and is told of points by `rule`.
inline std::shared_ptr<const diffusion::VideoModel> picture_model(const std::string& rule = "none",
                                                                  Device device = Device::Cpu,
                                                                  DType compute = DType::F32) {
    const TemporaryFolder folder;
    diffusion::make_picture_folder(folder / "m");
    const auto path = folder / "m/scheduler/scheduler_config.json";
    auto schedule = nlohmann::json::parse(read_text(path));
    schedule["tracks"] = rule;
    std::ofstream(path) << schedule;
    return diffusion::VideoModel::load(folder / "m", compute, device);
}

// Flat, but for a stripe.
inline Tensor striped_picture(uint8_t grey) {
    Tensor image({48, 64, 3}, DType::U8);
    std::ranges::fill(image.values<uint8_t>(), grey);
    std::fill_n(image.data<uint8_t>() + 64 * 3 * 16, 64 * 3 * 8, uint8_t{230});
    return image;
}

// A point that goes to the right from `x`, 3 pixels a frame, for 40 frames.
inline Tracks moving_point(float x) {
    Tracks tracks(40, {7});
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        tracks.at(t, 0) = {x + 3 * static_cast<float>(t), 20, true};
    }
    return tracks;
}

// The first chunks of a take of the picture that follows these tracks.
inline std::vector<Chunk> picture_take(const std::shared_ptr<const diffusion::VideoModel>& model,
                                       const Tensor& picture, const Tracks& tracks, int count) {
    SessionOptions options = seeded(1);
    options.image = picture;
    Session session(model, options);
    session.prompt().set("a red ball", false);
    session.motion().play(tracks);
    std::vector<Chunk> chunks;
    for (int i = 0; i < count; ++i) {
        const Chunk chunk = *session.step();
        chunks.push_back({chunk.frames.clone(), chunk.latents.to(Device::Cpu).clone(), chunk.motion,
                          chunk.receipt});
    }
    return chunks;
}

}  // namespace longtake::generator
