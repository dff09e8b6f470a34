#include "gaussians/train/residual_model.h"

#include "core/error.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/gather_rows.h"
#include "gaussians/train/on_device.h"
#include "gaussians/train/residual_rows.h"
#include "gaussians/train/rows.h"

#include <algorithm>
#include <iterator>

namespace longtake::gaussians {
namespace {

struct Start {
    int64_t latents, features;
    double deviation;  // of the matrix
};
// QUEEN's; see ResidualRates for the opacities.
constexpr std::array<Start, 4> kStarts{{{8, 3, 1e-3}, {6, 4, 1e-2}, {1, 1, 3e-4}, {8, 3, 1e-4}}};

void fit(Tensor& tensor, const Shape& shape, Device device) {
    if (tensor.empty() || tensor.shape() != shape) {
        tensor = Tensor(shape, DType::F32, device);
    }
}

Tensor floats(const Tensor& whole, float step, GpuStream stream) {
    Tensor out(whole.shape(), DType::F32, whole.device());
    const FloatRows rows{.in = whole.data<int32_t>(), .out = out.data<float>(), .step = step};
    run_on(whole.device(), rows, whole.count(), stream);
    return out;
}

// What a stream holds of a decoder becomes what goes on.
FixedDecoder rounded(Latents& latents) {
    FixedDecoder fixed = FixedDecoder::of(latents.matrix, latents.shift);
    const Device device = latents.matrix.device();
    latents.matrix = floats(fixed.matrix, kFixedStep, nullptr).to(device);
    latents.shift = floats(fixed.shift, kFixedStep, nullptr).to(device);
    return fixed;
}

}  // namespace

ResidualModel::ResidualModel(const FixedCloud& first, const GateShape& shape, bool gate_latents,
                             uint64_t seed, GpuStream stream)
    : shape_(shape), gate_latents_(gate_latents), stream_(stream), device_(first.device()) {
    for (std::size_t k = 0; k < kStarts.size(); ++k) {
        const auto [width, features, deviation] = kStarts[k];
        latents_[k] = Latents::start(0, width, features, deviation, device_, mixed(seed + k));
    }
    rest_ = {.values = floats(first.rest, 1, stream_),
             .matrix = floats(first.rest_decoder.matrix, kFixedStep, nullptr).to(device_),
             .shift = floats(first.rest_decoder.shift, kFixedStep, nullptr).to(device_)};
}

Tensor ResidualModel::gathered(const Tensor& column, const Tensor& rows) const {
    return column.count() > 0 ? gather_rows(column, rows, stream_)
                              : Tensor(column.shape().with(0, rows.count()), DType::F32, device_);
}

void ResidualModel::begin(const FixedCloud& before, const std::vector<int32_t>& from,
                          int32_t factor) {
    check(rest_.values.shape() == before.rest.shape(), "a frame of {} Gaussians learnt after {}",
          before.count(), rest_.values.extent(0));
    const Tensor sources = on(device_, from);
    const int64_t n = sources.count();
    mean_step_ = before.mean_step;
    factor_ = factor;
    before_ = to_cloud(before, stream_);
    for (Tensor* column : before_.columns()) {
        *column = gathered(*column, sources);
    }
    rest_before_ = floats(before.rest, 1, stream_);
    const ContinueRows go_on{.whole = rest_before_.data<float>(),
                             .values = rest_.values.data<float>()};
    run_on(device_, go_on, rest_before_.count(), stream_);
    rest_before_ = gathered(rest_before_, sources);
    rest_.values = gathered(rest_.values, sources);
    logits_ = on(device_, std::vector<float>(from.size(), kMostGateLogit));
    const auto zeros = [&](Tensor& tensor, const Shape& shape) {
        tensor = Tensor(shape, DType::F32, device_);
        clear_bytes(tensor.raw(), device_, tensor.bytes(), stream_);
    };
    zeros(offsets_, {n, 3});
    for (Latents& latents : latents_) {
        zeros(latents.values, {n, latents.matrix.extent(0)});
    }
}

void ResidualModel::set_gates(const std::vector<float>& logits) {
    check(std::ssize(logits) == count(), "{} gates of {} Gaussians", logits.size(), count());
    logits_ = on(device_, logits);
}

std::vector<uint8_t> ResidualModel::open_gates() const {
    synchronize(device_, stream_);
    const Tensor gates = gates_.to(Device::Cpu);
    std::vector<uint8_t> open;
    std::ranges::transform(gates.values<float>(), std::back_inserter(open),
                           [](float gate) { return gate > 0 ? 1 : 0; });
    return open;
}

void ResidualModel::decode(Cloud& cloud) {
    const int64_t n = count();
    fit(gates_, {n}, device_);
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        fit(*cloud.columns()[c], before_.columns()[c]->shape(), device_);
    }
    const GateRows gates{
        .logits = logits_.data<float>(), .gates = gates_.data<float>(), .shape = shape_};
    run_on(device_, gates, n, stream_);
    const MoveRows moves{.before = before_.means.data<float>(),
                         .offsets = offsets_.data<float>(),
                         .gates = gates_.data<float>(),
                         .step = mean_step_ * static_cast<float>(factor_),
                         .means = cloud.means.data<float>()};
    run_on(device_, moves, n, stream_);
    for (std::size_t k = 0; k < latents_.size(); ++k) {
        const LatentContext context{.before = *before_.columns()[k + 1],
                                    .gates = gate_latents_ ? gates_ : Tensor()};
        decode_latents(latents_[k], context, *cloud.columns()[k + 1], stream_);
    }
    if (has_rest()) {
        decode_latents(rest_, {}, cloud.sh_rest, stream_);
    }
}

void ResidualModel::backward(const Cloud& by_cloud, double gate_cost) {
    const int64_t n = count();
    fit(by_offsets_, {n, 3}, device_);
    fit(by_gates_, {n}, device_);
    fit(by_logits_, {n}, device_);
    const MoveGradientRows moves{.by_means = by_cloud.means.data<float>(),
                                 .offsets = offsets_.data<float>(),
                                 .gates = gates_.data<float>(),
                                 .by_offsets = by_offsets_.data<float>(),
                                 .by_gates = by_gates_.data<float>()};
    run_on(device_, moves, n, stream_);
    for (std::size_t k = 0; k < latents_.size(); ++k) {
        const LatentContext context{.before = {}, .gates = gate_latents_ ? gates_ : Tensor()};
        decode_latents_backward(latents_[k], context, *by_cloud.columns()[k + 1], by_latents_[k],
                                gate_latents_ ? &by_gates_ : nullptr, stream_);
    }
    if (has_rest()) {
        decode_latents_backward(rest_, {}, by_cloud.sh_rest, by_rest_, nullptr, stream_);
    }
    const GateGradientRows gates{.logits = logits_.data<float>(),
                                 .by_gates = by_gates_.data<float>(),
                                 .cost = static_cast<float>(gate_cost),
                                 .shape = shape_,
                                 .by_logits = by_logits_.data<float>()};
    run_on(device_, gates, n, stream_);
}

std::vector<AdamColumn> ResidualModel::columns(const ResidualRates& rates, double extent) const {
    std::vector<AdamColumn> columns{{offsets_, by_offsets_, rates.means * extent},
                                    {logits_, by_logits_, rates.gates}};
    for (std::size_t k = 0; k < latents_.size(); ++k) {
        columns.push_back({latents_[k].values, by_latents_[k].values, rates.latents[k]});
    }
    if (has_rest()) {
        columns.push_back({rest_.values, by_rest_.values, rates.rest_latents});
    }
    for (std::size_t k = 0; k < latents_.size(); ++k) {
        columns.push_back({latents_[k].matrix, by_latents_[k].matrix, rates.decoders[k]});
        columns.push_back({latents_[k].shift, by_latents_[k].shift, rates.decoders[k]});
    }
    if (has_rest()) {
        columns.push_back({rest_.matrix, by_rest_.matrix, rates.rest_decoder});
        columns.push_back({rest_.shift, by_rest_.shift, rates.rest_decoder});
    }
    return columns;
}

void ResidualModel::gather(const Tensor& rows) {
    for (Tensor* column : before_.columns()) {
        *column = gathered(*column, rows);
    }
    for (Tensor* column : {&rest_before_, &rest_.values, &offsets_, &logits_}) {
        *column = gathered(*column, rows);
    }
    for (Latents& latents : latents_) {
        latents.values = gathered(latents.values, rows);
    }
}

void ResidualModel::regrow(const Regrowth& rows, const Cloud& cloud, uint64_t seed) {
    const Tensor sources = on(device_, rows.sources), moments = on(device_, rows.moments);
    const Tensor scaling = on(device_, rows.scaling), spread = on(device_, rows.spread);
    Cloud placed;
    placed.means = gathered(cloud.means, sources);
    placed.log_scales = gathered(cloud.log_scales, sources);
    placed.rotations = gathered(cloud.rotations, sources);
    scatter(placed, spread, scaling, seed, stream_);
    gather(sources);
    const Tensor nowhere = on(device_, std::vector<float>(rows.sources.size()));
    scatter(before_, nowhere, scaling, seed, stream_);  // splits shrink
    const BirthRows births{.moments = moments.data<int32_t>(),
                           .means = placed.means.data<float>(),
                           .before = before_.means.data<float>(),
                           .offsets = offsets_.data<float>(),
                           .logits = logits_.data<float>()};
    run_on(device_, births, count(), stream_);
}

void ResidualModel::keep(const std::vector<int32_t>& rows) {
    gather(on(device_, rows));
}

Residual ResidualModel::finish() {
    const int64_t n = count();
    fit(gates_, {n}, device_);
    const GateRows gates{
        .logits = logits_.data<float>(), .gates = gates_.data<float>(), .shape = shape_};
    run_on(device_, gates, n, stream_);
    const float* before_latents = gate_latents_ ? gates_.data<float>() : nullptr;
    const auto whole = [&](const Tensor& values, const float* behind, float step, int32_t factor) {
        Tensor out(values.shape(), DType::I32, device_);
        const WholeRows rows{.values = values.data<float>(),
                             .gates = behind,
                             .width = values.extent(1),
                             .step = step,
                             .factor = factor,
                             .out = out.data<int32_t>()};
        run_on(device_, rows, n, stream_);
        return out;
    };
    Residual out;
    out.means =
        whole(offsets_, gates_.data<float>(), mean_step_ * static_cast<float>(factor_), factor_);
    const std::array<ResidualColumn*, 4> columns{&out.log_scales, &out.rotations, &out.opacities,
                                                 &out.sh_dc};
    for (std::size_t k = 0; k < columns.size(); ++k) {
        columns[k]->latents = whole(latents_[k].values, before_latents, 1, 1);
    }
    out.rest = Tensor(rest_.values.shape(), DType::I32, device_);
    const DifferenceRows differences{.values = rest_.values.data<float>(),
                                     .before = rest_before_.data<float>(),
                                     .gates = before_latents,
                                     .width = rest_.values.extent(1),
                                     .out = out.rest.data<int32_t>()};
    run_on(device_, differences, n, stream_);
    synchronize(device_, stream_);
    for (std::size_t k = 0; k < columns.size(); ++k) {
        columns[k]->decoder = rounded(latents_[k]);
    }
    out.rest_decoder = rounded(rest_);
    return out;
}

}  // namespace longtake::gaussians
