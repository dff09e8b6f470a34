#pragma once

#include "diffusion/ops/rope.h"
#include "generator/cache/cache_memory.h"
#include "generator/noise.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace longtake::generator {

inline std::shared_ptr<const CachePolicy> policy(const std::string& text) {
    return make_cache_policy(text, {.window_frames = 21, .chunk_frames = 3});
}

// The queries, keys and values a transformer would hand over: one row per token, in fp32.
struct Rows {
    Tensor queries, keys, values;  // [L, heads, head_dim]
};

// Random rows; the first element of every value is the token's number since the start.
inline Rows random_rows(const CacheGeometry& g, int64_t first_frame, int64_t frames,
                        uint32_t salt) {
    const Shape shape{frames * g.tokens_per_frame, g.heads, g.head_dim};
    Rows rows{Tensor(shape, DType::F32), Tensor(shape, DType::F32), Tensor(shape, DType::F32)};
    uint32_t step = salt * 8;
    for (Tensor* t : {&rows.queries, &rows.keys, &rows.values}) {
        fill_gaussian({.seed = 7, .chunk = static_cast<uint64_t>(first_frame), .step = step++},
                      t->values<float>());
    }
    for (int64_t token = 0; token < shape[0]; ++token) {
        rows.values.data<float>()[token * g.heads * g.head_dim] =
            static_cast<float>(first_frame * g.tokens_per_frame + token);
    }
    return rows;
}

// Turns rows [frames * tokens, heads, head_dim] to the time positions of their frames.
inline void turn(Tensor& rows, std::span<const double> positions) {
    const Shape shape{1, rows.extent(0) * rows.extent(1), rows.extent(2)};
    Tensor flat = rows.reshape(shape);
    diffusion::rope_time(flat, positions, flat);
}

// Runs chunks of random rows through a cache, with as many passes as asked for.
class CacheDriver {
  public:
    CacheDriver(const std::string& text, const CacheGeometry& g)
        : geometry(g), memory(policy(text), g) {}

    // The last pass is the clean one. Returns the plan.
    Plan step(int passes = 2, Turn news = Turn::None) { return step_frames(3, passes, news); }

    Plan step_frames(int64_t frames, int passes, Turn news = Turn::None) {
        if (const int64_t again = memory.recached_before(frames, news); again > 0) {
            memory.begin_recache(again);
            memory.begin_pass(CacheMemory::Pass::Clean);
            hand_over(first_frame - again, again, 0);
        }
        const Plan plan = memory.begin_chunk(frames, news);
        for (int pass = 0; pass < passes; ++pass) {
            memory.begin_pass(pass + 1 == passes ? CacheMemory::Pass::Clean
                                                 : CacheMemory::Pass::Noisy);
            hand_over(first_frame, frames, pass);
        }
        if (memory.wants_surprise()) {
            tell_surprise(frames);
        }
        first_frame += frames;
        return plan;
    }

    void hand_over(int64_t first, int64_t frames, int pass) {
        for (int layer = 0; layer < geometry.layers; ++layer) {
            Rows rows = random_rows(geometry, first, frames,
                                    static_cast<uint32_t>(pass * geometry.layers + layer));
            turn(rows.queries, memory.query_positions());
            const Device device = geometry.device;
            const Tensor queries = rows.queries.to(device), keys = rows.keys.to(device);
            memory.update(layer, queries, keys, rows.values.to(device));
            synchronize(device, geometry.stream);
        }
    }

    // As if the model had guessed every token of the chunk wrong by what `surprise` says.
    void tell_surprise(int64_t frames) {
        const Shape shape{frames, 1, geometry.tokens_per_frame, 1};
        Tensor clean(shape, DType::F32);
        for (int64_t token = 0; token < clean.count(); ++token) {
            clean.data<float>()[token] = surprise(first_frame * geometry.tokens_per_frame + token);
        }
        memory.surprise(Tensor::zeros(shape).to(geometry.device), clean.to(geometry.device), 1, 1);
        synchronize(geometry.device, geometry.stream);
    }

    // The token numbers in a layer's slots.
    std::vector<int64_t> tokens(int layer) const {
        const auto view = this->view(layer);
        const Tensor values = rows_of(view, view.values);
        std::vector<int64_t> numbers;
        for (int64_t slot = 0; slot < view.slots; ++slot) {
            numbers.push_back(static_cast<int64_t>(values.data<float>()[slot * geometry.head_dim]));
        }
        return numbers;
    }
    diffusion::KvView view(int layer) const {
        return memory.store().view(layer, memory.frames() * geometry.tokens_per_frame);
    }
    // The keys or values of a view, on the CPU: [heads, stride, head_dim].
    Tensor rows_of(const diffusion::KvView& view, const void* rows) const {
        return Tensor::view(const_cast<void*>(rows),
                            {geometry.heads, view.stride, geometry.head_dim}, view.dtype,
                            geometry.device)
            .to(Device::Cpu);
    }

    CacheGeometry geometry;
    int64_t first_frame = 0;  // of the next chunk
    // Of a token by its number; numbers that differ, in no order.
    std::function<float(int64_t)> surprise = [](int64_t token) {
        return 1 + static_cast<float>(token * 7919 % 1009);
    };
    CacheMemory memory;
};

}  // namespace longtake::generator
