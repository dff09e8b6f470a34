#include "diffusion/models/causal_transformer_pass.h"

#include "core/parallel.h"
#include "diffusion/ops/add.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/modulation.h"
#include "diffusion/ops/qkv_slots.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/timestep_embedding.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <utility>

namespace longtake::diffusion {

// Between two self attentions no row needs another: where threads take groups alone, their rows
// stay in the core's caches all the way.
template <typename Work> void CausalTransformer::Pass::each_group(Work&& work) {
    if (weights_.rows_alone == 0) {
        for (Group& g : s_.groups) {
            work(g, s_.ops);
        }
        return;
    }
    parallel_for(static_cast<int64_t>(s_.groups.size()), [&](int64_t i) {
        work(s_.groups[static_cast<size_t>(i)],
             s_.workers[static_cast<size_t>(omp_get_thread_num())]);
    });
}

void CausalTransformer::Pass::run(std::span<const PassTake> takes,
                                  std::span<const double> timesteps) {
    const Tensor& chunk = takes[0].latents;
    s_.fit(model_, config_, compute_, products_, weights_.rows_alone, std::ssize(takes),
           chunk.extent(0), chunk.extent(2) / config_.patch_height,
           chunk.extent(3) / config_.patch_width);
    s_.group(timesteps, [this](double t) { return modulation_at(t); });
    s_.positions.clear();
    for (const PassTake& take : takes) {
        std::ranges::copy(take.memory.query_positions(), std::back_inserter(s_.positions));
    }
    s_.rope->set_time(s_.positions, stream());
    const auto number = [](const auto& v) { return std::bit_cast<uint64_t>(v); };
    std::vector<uint64_t> key;
    std::ranges::transform(timesteps, std::back_inserter(key), number);
    std::vector<Tensor> buffers;
    for (const PassTake& take : takes) {
        std::optional<PassKind> kind = take.memory.pass_kind();
        if (!kind) {
            return queue(takes);
        }
        const void* made = take.flow == nullptr ? nullptr : take.flow->raw();
        key.insert(key.end(), {number(take.latents.raw()), number(made)});
        std::ranges::transform(kind->numbers, std::back_inserter(key), number);
        buffers.push_back(std::move(kind->buffers));
    }
    s_.hold(takes, std::move(buffers));
    s_.ops.repeat(key, [&] { queue(takes); });
}

// The rows of take `i` of `takes`.
Tensor CausalTransformer::Pass::part(const Tensor& rows, int64_t i, int64_t takes) {
    const int64_t count = rows.extent(0) / takes;
    return rows.slice(i * count, (i + 1) * count);
}

void CausalTransformer::Pass::queue(std::span<const PassTake> takes) {
    const int64_t count = std::ssize(takes);
    for (int64_t i = 0; i < count; ++i) {
        Tensor patches = part(s_.patches, i, count);
        patchify(takes[static_cast<size_t>(i)].latents, config_.patch_height, config_.patch_width,
                 patches, stream());
    }
    weights_.patch(s_.patches, s_.x, s_.ops);
    each_group([&](Group& g, Workspace& ops) {
        const Modulation::Layer& m = g.modulation->layers[0];
        layer_norm(g.x, m.self_gain, m.self_shift, config_.eps, g.normed, ops.stream());
        weights_.blocks[0].qkv(g.normed, g.qkv, ops);
    });
    const auto layers = static_cast<int>(weights_.blocks.size());
    for (int layer = 0; layer < layers; ++layer) {
        memorize(layer, takes);
        if (takes[0].flow == nullptr && layer + 1 == layers) {
            return;
        }
        attention_of_takes(s_.q, s_.views, s_.attended, s_.ops);
        each_group([&](Group& g, Workspace& ops) {
            self_out(layer, g, ops);
            cross_attention(layer, takes, g, ops);
            feed_forward(layer, g, ops);
        });
    }
    weights_.head(s_.head_normed, s_.tokens, s_.ops);
    for (int64_t i = 0; i < count; ++i) {
        unpatchify(part(s_.tokens, i, count), config_.patch_height, config_.patch_width,
                   *takes[static_cast<size_t>(i)].flow, stream());
    }
}

Modulation CausalTransformer::Pass::modulation_at(double timestep) {
    const int64_t d = config_.width();
    const Device device = s_.ops.device();
    Tensor wave({1, config_.freq_dim}, compute_, device), gated({1, d}, compute_, device);
    Tensor inner({1, d}, DType::F32, device), e({1, d}, DType::F32, device);
    Tensor e6({1, 6 * d}, DType::F32, device);
    timestep_embedding(timestep, wave, stream());
    weights_.time_in(wave, inner, s_.ops);
    silu(inner, gated, stream());
    weights_.time_out(gated, e, s_.ops);
    silu(e, gated, stream());
    weights_.time_modulation(gated, e6, s_.ops);

    const auto row = [](const Tensor& t, int64_t i) {
        return t.slice(i, i + 1).reshape({t.extent(1)});
    };
    Modulation m;
    for (const Weights::Block& block : weights_.blocks) {
        Tensor t({6, d}, DType::F32, device);
        modulation(block.modulation, e6, {1, 4}, t, stream());
        m.layers.push_back({row(t, 0), row(t, 1), row(t, 2), row(t, 3), row(t, 4), row(t, 5)});
    }
    // The head is modulated by the embedding itself, not by its projection.
    Tensor t({2, d}, DType::F32, device);
    modulation(weights_.head_modulation, e, {1}, t, stream());
    m.head_shift = row(t, 0);
    m.head_gain = row(t, 1);
    s_.ops.synchronize();  // the temporaries go
    return m;
}

void CausalTransformer::Pass::memorize(int layer, std::span<const PassTake> takes) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    s_.targets.clear();
    for (const PassTake& take : takes) {
        if (const auto target = take.memory.target(layer)) {
            s_.targets.push_back(*target);
        }
    }
    const bool there = s_.targets.size() == takes.size() &&
                       qkv_to_slots_cuda(s_.qkv, block.q_norm, block.k_norm, config_.eps, *s_.rope,
                                         s_.q, s_.targets, stream());
    if (!there) {
        split_qkv(s_.qkv, block.q_norm, block.k_norm, config_.eps, *s_.rope, s_.q, s_.k, s_.v,
                  stream());
    }
    s_.views.clear();
    const int64_t count = std::ssize(takes);
    for (int64_t i = 0; i < count; ++i) {
        const auto handed_over = [&](const Tensor& t) {
            return there ? Tensor() : part(t, i, count);
        };
        s_.views.push_back(takes[static_cast<size_t>(i)].memory.update(
            layer, part(s_.q, i, count), handed_over(s_.k), handed_over(s_.v)));
    }
}

void CausalTransformer::Pass::self_out(int layer, Group& g, Workspace& ops) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
    block.self_out(g.attended2, g.x, ops,
                   Epilogue::gated_add(m.self_gate)
                       .then_norm(block.cross_gain, block.cross_bias, config_.eps, g.normed));
}

void CausalTransformer::Pass::cross_attention(int layer, std::span<const PassTake> takes, Group& g,
                                              Workspace& ops) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
    const int64_t rows = s_.q.extent(0) / std::ssize(takes);
    const bool of_one = g.end - g.begin <= rows;
    const auto seen = of_one ? takes.subspan(static_cast<size_t>(g.begin / rows), 1) : takes;
    std::array<KvView, kMostTakes> views;
    std::array<std::span<const float>, kMostTakes> biases;
    const auto attend = [&](std::vector<TextContext::Layer> TextContext::*layers, bool biased,
                            Tensor& out) {
        for (size_t i = 0; i < seen.size(); ++i) {
            const TextContext::Layer& kv = (seen[i].text.*layers)[static_cast<size_t>(layer)];
            views[i] = {.keys = kv.keys.raw(),
                        .values = kv.values.raw(),
                        .slots = kv.keys.extent(1),
                        .stride = kv.keys.extent(1),
                        .dtype = compute_};
            biases[i] = biased ? seen[i].text.bias() : std::span<const float>();
        }
        attention_of_takes(g.q, std::span(views).first(seen.size()), out, ops,
                           std::span(biases).first(seen.size()));
    };
    block.cross_q(g.normed, g.cross, ops);
    rms_norm(g.cross, 0, block.cross_q_norm, config_.eps, g.q, Rotation::None, nullptr,
             ops.stream());
    attend(&TextContext::layers, true, g.attended);
    if (!seen[0].text.picture.empty()) {
        attend(&TextContext::picture, false, g.cross_heads);
        add(g.cross, g.attended2, ops.stream());
    }
    block.cross_out(g.attended2, g.x, ops,
                    Epilogue::add().then_norm(m.ffn_gain, m.ffn_shift, config_.eps, g.normed));
}

// As far as the next layer's queries, keys and values.
void CausalTransformer::Pass::feed_forward(int layer, Group& g, Workspace& ops) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
    const auto add = Epilogue::gated_add(m.ffn_gate);
    block.up(g.normed, g.hidden, ops, Epilogue::gelu());
    const auto following = static_cast<size_t>(layer) + 1;
    if (following < weights_.blocks.size()) {
        const Modulation::Layer& next = g.modulation->layers[following];
        block.down(g.hidden, g.x, ops,
                   add.then_norm(next.self_gain, next.self_shift, config_.eps, g.normed));
        weights_.blocks[following].qkv(g.normed, g.qkv, ops);
    } else {
        block.down(g.hidden, g.x, ops,
                   add.then_norm(g.modulation->head_gain, g.modulation->head_shift, config_.eps,
                                 g.head_normed));
    }
}

}  // namespace longtake::diffusion
