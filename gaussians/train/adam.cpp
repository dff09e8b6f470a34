#include "gaussians/train/adam.h"

#include "core/error.h"
#include "gaussians/train/gather_rows.h"

#include <algorithm>

namespace longtake::gaussians {
namespace {

Tensor cleared(const Tensor& like, GpuStream stream) {
    Tensor zeros(like.shape(), DType::F32, like.device());
    clear_bytes(zeros.raw(), zeros.device(), zeros.bytes(), stream);
    return zeros;
}

}  // namespace

void Adam::step(std::span<const AdamColumn> columns) {
    count_step();
    move(columns);
}

void Adam::move(std::span<const AdamColumn> columns) {
    check(columns.size() <= kMostColumns && (steps_ == 1 || columns.size() == moments_.size()),
          "Adam: {} columns", columns.size());
    std::vector<AdamBlock> blocks;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const Tensor &values = columns[c].values, &gradient = columns[c].gradient;
        if (c == moments_.size()) {
            moments_.push_back({cleared(values, stream_), cleared(values, stream_)});
        }
        Moments& moments = moments_[c];
        for (const Tensor* tensor : {&values, &gradient}) {
            check(tensor->shape() == moments.first.shape() &&
                      tensor->device() == moments.first.device(),
                  "Adam: a column of {}, not {} on its device", tensor->shape().str(),
                  moments.first.shape().str());
        }
        Tensor moved = values;
        blocks.push_back({.value = moved.data<float>(),
                          .first = moments.first.data<float>(),
                          .second = moments.second.data<float>(),
                          .gradient = gradient.data<float>(),
                          .count = values.count(),
                          .rate = adam_rate(columns[c].rate, static_cast<double>(steps_))});
    }
    const bool here = columns.empty() || columns[0].values.device() == Device::Cpu;
    here ? adam_step_cpu(blocks) : adam_step_cuda(blocks, stream_);
}

void Adam::gather(const Tensor& sources, std::size_t columns) {
    for (std::size_t c = 0; c < std::min(columns, moments_.size()); ++c) {
        for (Tensor* moment : {&moments_[c].first, &moments_[c].second}) {
            *moment = gather_rows(*moment, sources, stream_);
        }
    }
}

}  // namespace longtake::gaussians
