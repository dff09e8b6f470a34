#include "diffusion/models/causal_transformer_state.h"

#include "core/parallel.h"

#include <algorithm>

namespace longtake::diffusion {

TransformerWorkspace::TransformerWorkspace(Device device)
    : state_(std::make_unique<State>(device)) {}
TransformerWorkspace::~TransformerWorkspace() = default;
TransformerWorkspace::TransformerWorkspace(TransformerWorkspace&&) noexcept = default;
TransformerWorkspace& TransformerWorkspace::operator=(TransformerWorkspace&&) noexcept = default;
GpuStream TransformerWorkspace::stream() const {
    return state_->ops.stream();
}
void TransformerWorkspace::synchronize() const {
    state_->ops.synchronize();
}

void TransformerWorkspace::State::fit(const std::shared_ptr<const void>& model,
                                      const TransformerConfig& c, DType compute, DType products,
                                      int64_t rows_alone, int64_t frames, int64_t height,
                                      int64_t width) {
    while (rows_alone > 0 && workers.size() < static_cast<size_t>(thread_count())) {
        workers.emplace_back();
    }
    if (model_ == model && frames_ == frames && height_ == height && width_ == width) {
        return;
    }
    if (model_ != model) {
        modulations.clear();
    }
    groups.clear();
    ops.synchronize();  // what goes may still be in use
    ops.forget_recordings();
    const Device device = ops.device();
    rope.emplace(c.head_dim, height, width, kRopeTheta, device);
    const int64_t rows = frames * height * width, d = c.width();
    patches = Tensor({rows, c.in_channels * c.patch_size()}, compute, device);
    x = Tensor({rows, d}, DType::F32, device);
    normed = Tensor({rows, d}, products, device);
    head_normed = products == compute ? normed : Tensor({rows, d}, compute, device);
    qkv = Tensor({rows, 3 * d}, compute, device);
    q = Tensor({rows, c.heads, c.head_dim}, compute, device);
    k = Tensor(q.shape(), compute, device);
    v = Tensor(q.shape(), compute, device);
    cross = Tensor({rows, d}, compute, device);
    cross_heads = cross.reshape(q.shape());
    attended = Tensor(q.shape(), compute, device);
    attended2 = attended.reshape({rows, d});
    hidden = Tensor({rows, c.ffn_dim}, products, device);
    tokens = Tensor({rows, c.out_channels * c.patch_size()}, DType::F32, device);
    model_ = model;
    rows_alone_ = rows_alone;
    frames_ = frames;
    height_ = height;
    width_ = width;
}

void TransformerWorkspace::State::hold(const TextContext& text, const Tensor& memory) {
    const auto same = [](const Tensor& a, const Tensor& b) { return a.raw() == b.raw(); };
    const auto same_picture =
        text_.picture.size() == text.picture.size() &&
        (text.picture.empty() || same(text_.picture[0].keys, text.picture[0].keys));
    if (text_.layers.empty() || !same_picture || !same(text_.layers[0].keys, text.layers[0].keys) ||
        !same(memory_, memory)) {
        ops.forget_recordings();
        text_ = text;
        memory_ = memory;
    }
}

void TransformerWorkspace::State::set_groups(std::span<const double> timesteps) {
    size_t count = 0;
    const auto add = [&](int64_t begin, int64_t end, const Modulation& modulation) {
        if (count == groups.size() || groups[count].begin != begin || groups[count].end != end) {
            const auto rows = [=](const Tensor& t) { return t.slice(begin, end); };
            groups.resize(count);
            groups.push_back({begin, end, nullptr, rows(x), rows(normed), rows(head_normed),
                              rows(qkv), rows(q), rows(cross), rows(cross_heads), rows(attended),
                              rows(attended2), rows(hidden)});
        }
        groups[count++].modulation = &modulation;
    };
    for (size_t f = 0; f < timesteps.size();) {
        size_t last = f + 1;
        while (last < timesteps.size() && timesteps[last] == timesteps[f]) {
            ++last;
        }
        const int64_t end = static_cast<int64_t>(last) * height_ * width_;
        for (int64_t row = static_cast<int64_t>(f) * height_ * width_; row < end;) {
            const int64_t next = rows_alone_ > 0 ? std::min(row + rows_alone_, end) : end;
            add(row, next, modulations.at(timesteps[f]));
            row = next;
        }
        f = last;
    }
    groups.resize(count);
}

}  // namespace longtake::diffusion
