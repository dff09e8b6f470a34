#pragma once

#include "diffusion/video_model.h"
#include "generator/session.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace longtake::generator {

const std::filesystem::path kTinyModel =
    std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "tiny_model";

// A whole model with random weights: 64x48, 2 layers. Loaded once.
inline std::shared_ptr<const diffusion::VideoModel> tiny_model() {
    static const auto model = diffusion::VideoModel::load(kTinyModel, DType::F32);
    return model;
}

inline SessionOptions seeded(uint64_t seed, const std::string& cache = "deep-forcing") {
    return {.cache = cache, .noise = make_seeded_noise(seed)};
}

// A chunk whose tensors are the test's own.
inline Chunk kept(const Chunk& chunk) {
    return {chunk.frames.clone(), chunk.latents.clone(), chunk.motion, chunk.receipt};
}

inline bool same_frames(const Chunk& a, const Chunk& b) {
    return a.frames.shape() == b.frames.shape() &&
           std::ranges::equal(a.frames.values<uint8_t>(), b.frames.values<uint8_t>()) &&
           std::ranges::equal(a.latents.values<float>(), b.latents.values<float>());
}

inline std::vector<Chunk> steps(Session& session, int count) {
    std::vector<Chunk> chunks;
    for (int i = 0; i < count; ++i) {
        chunks.push_back(kept(*session.step()));
    }
    return chunks;
}

inline std::vector<Chunk> take(const SessionOptions& options, int count,
                               const std::string& prompt = "a red ball") {
    Session session(tiny_model(), options);
    session.prompt().set(prompt, false);
    return steps(session, count);
}

inline bool same_take(const std::vector<Chunk>& a, const std::vector<Chunk>& b) {
    return std::ranges::equal(a, b, same_frames);
}

}  // namespace longtake::generator
