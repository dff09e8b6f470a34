#include "diffusion/models/causal_transformer_state.h"

#include "core/parallel.h"

#include <algorithm>
#include <iterator>
#include <utility>

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
                                      int64_t rows_alone, int64_t takes, int64_t frames,
                                      int64_t height, int64_t width) {
    while (rows_alone > 0 && workers.size() < static_cast<size_t>(thread_count())) {
        workers.emplace_back();
    }
    if (model_ == model && takes_ == takes && frames_ == frames && height_ == height &&
        width_ == width) {
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
    const int64_t rows = takes * frames * height * width, d = c.width();
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
    takes_ = takes;
    frames_ = frames;
    height_ = height;
    width_ = width;
}

void TransformerWorkspace::State::hold(std::span<const PassTake> takes,
                                       std::vector<Tensor> memories) {
    const auto same = [](const Tensor& a, const Tensor& b) { return a.raw() == b.raw(); };
    const auto same_text = [&](const TextContext& a, const PassTake& take) {
        const TextContext& b = take.text;
        return same(a.layers[0].keys, b.layers[0].keys) && a.picture.size() == b.picture.size() &&
               (a.picture.empty() || same(a.picture[0].keys, b.picture[0].keys));
    };
    if (!std::ranges::equal(texts_, takes, same_text) ||
        !std::ranges::equal(memories_, memories, same)) {
        ops.forget_recordings();
        texts_.clear();
        std::ranges::transform(takes, std::back_inserter(texts_),
                               [](const PassTake& take) { return take.text; });
        memories_ = std::move(memories);
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
    const int64_t frame = height_ * width_;
    const bool alike = std::ranges::count(timesteps, timesteps[0]) == std::ssize(timesteps);
    if (alike && rows_alone_ == 0) {
        add(0, takes_ * frames_ * frame, modulations.at(timesteps[0]));
        return groups.resize(count);
    }
    for (int64_t first = 0; first < takes_ * frames_; first += frames_) {
        for (size_t f = 0; f < timesteps.size();) {
            size_t last = f + 1;
            while (last < timesteps.size() && timesteps[last] == timesteps[f]) {
                ++last;
            }
            const int64_t end = (first + static_cast<int64_t>(last)) * frame;
            for (int64_t row = (first + static_cast<int64_t>(f)) * frame; row < end;) {
                const int64_t next = rows_alone_ > 0 ? std::min(row + rows_alone_, end) : end;
                add(row, next, modulations.at(timesteps[f]));
                row = next;
            }
            f = last;
        }
    }
    groups.resize(count);
}

}  // namespace longtake::diffusion
