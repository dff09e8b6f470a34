#include "gaussians/codec/cloud_sequence.h"

#include "core/error.h"
#include "gaussians/codec/key_frame.h"
#include "gaussians/codec/morton.h"
#include "gaussians/codec/parallel_rows.h"
#include "gaussians/scene/extent.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace longtake::gaussians {
namespace {

// A step each; what a latent says is that many steps.
FixedDecoder steps_of(int64_t features, int32_t step) {
    FixedDecoder out{.matrix = Tensor::zeros({features, features}, DType::I32),
                     .shift = Tensor::zeros({features}, DType::I32)};
    for (int64_t f = 0; f < features; ++f) {
        out.matrix.data<int32_t>()[f * features + f] = step;
    }
    return out;
}

ResidualColumn change_of(const Tensor& state, const Tensor& now, int32_t step) {
    ResidualColumn out{.latents = Tensor(state.shape(), DType::I32),
                       .decoder = steps_of(state.extent(1), step)};
    parallel_for_rows(state.count(), [&](int64_t i) {
        const int64_t by = int64_t{now.data<int32_t>()[i]} - state.data<int32_t>()[i];
        const int64_t half = by < 0 ? -(step - 1) / 2 : (step - 1) / 2;  // which stays as it is
        out.latents.data<int32_t>()[i] = static_cast<int32_t>((by + half) / step);
    });
    return out;
}

// Plain differences; half a step or less is none.
Tensor plain_change_of(const Tensor& state, const Tensor& now, int32_t step) {
    Tensor out(state.shape(), DType::I32);
    parallel_for_rows(state.count(), [&](int64_t i) {
        const uint32_t by = static_cast<uint32_t>(now.data<int32_t>()[i]) -
                            static_cast<uint32_t>(state.data<int32_t>()[i]);
        const auto change = static_cast<int32_t>(by);
        out.data<int32_t>()[i] = 2 * std::abs(int64_t{change}) <= step ? 0 : change;
    });
    return out;
}

// The nearer one of the two quaternions that mean the same, for each row.
Tensor turned_to(const Tensor& state, const Tensor& rotations) {
    Tensor out = normalized_rotations(rotations);
    parallel_for_rows(out.extent(0), [&](int64_t i) {
        const int32_t* old = state.data<int32_t>() + 4 * i;
        int32_t* now = out.data<int32_t>() + 4 * i;
        double dot = 0;
        for (int k = 0; k < 4; ++k) {
            dot += static_cast<double>(old[k]) * now[k];
        }
        for (int k = 0; k < 4 && dot < 0; ++k) {
            now[k] = -now[k];
        }
    });
    return out;
}

// Of the bulk of a scene, but so much that its steps reach all Gaussians even where these stand
// close together, far from the origin.
double extent_to_hold(const Cloud& cloud) {
    double farthest = 0;
    for (int64_t i = 0; i < 3 * cloud.count(); ++i) {
        farthest = std::max(farthest, std::abs(static_cast<double>(cloud.means.data<float>()[i])));
    }
    return std::max({1e-6, 2 * extent_of(cloud).radius, 0x1p-12 * farthest});
}

}  // namespace

Residual difference_of(const FixedCloud& state, const FixedCloud& now) {
    return {.removed = {},
            .clones = {},
            .splits = {},
            .means = plain_change_of(state.means, now.means, KeyMultiples::kMeans),
            .log_scales = change_of(state.log_scales, now.log_scales, KeyMultiples::kLogScales),
            .rotations = change_of(state.rotations, turned_to(state.rotations, now.rotations),
                                   KeyMultiples::kRotations),
            .opacities = change_of(state.opacities, now.opacities, KeyMultiples::kOpacities),
            .sh_dc = change_of(state.sh_dc, now.sh_dc, KeyMultiples::kShDc),
            .rest = plain_change_of(state.rest, now.rest, 1),
            .rest_decoder = now.rest_decoder};
}

CloudSequenceWriter::CloudSequenceWriter(std::filesystem::path path, FrameRate frame_rate,
                                         int64_t period)
    : path_(std::move(path)), frame_rate_(frame_rate), period_(period) {}

void CloudSequenceWriter::add(const Cloud& cloud) {
    if (!writer_) {
        StreamInfo info{.frame_rate = frame_rate_, .sh_degree = cloud.sh_degree()};
        info.latents = 3 * sh_rest_count(info.sh_degree);
        info.mean_step = mean_step_of(extent_to_hold(cloud));
        writer_.emplace(path_, info, StreamWriter::Unfinished::Remove);
    }
    check_input(cloud.sh_degree() == writer_->info().sh_degree,
                "its harmonics are of degree {}, those before of {}", cloud.sh_degree(),
                writer_->info().sh_degree);
    const FixedCloud now = to_fixed(cloud, writer_->info().mean_step);
    const int64_t frame = writer_->frame_count();
    if (frame % period_ == 0 || now.count() != writer_->state().count()) {
        order_ = writer_->key(now).order;
    } else {
        writer_->residual(difference_of(writer_->state(), in_order(now, order_)));
    }
}

}  // namespace longtake::gaussians
