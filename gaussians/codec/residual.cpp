#include "gaussians/codec/residual.h"

#include "core/error.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/rows.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

namespace longtake::gaussians {
namespace {

void check_rows(const std::vector<int32_t>& rows, int64_t count, std::string_view name) {
    for (const int32_t row : rows) {
        check(row >= 0 && row < count, "{} names Gaussian {} of {}", name, row, count);
    }
}

void check_latents(const Tensor& latents, const FixedDecoder& decoder, int64_t rows,
                   int64_t features, std::string_view name) {
    const int64_t width = decoder.latents();
    check(latents.shape() == Shape{rows, width} && decoder.features() == features &&
              decoder.shift.shape() == Shape{features},
          "{}: latents {}, matrix {} and shift {} for {} Gaussians of {} numbers", name,
          latents.shape().str(), decoder.matrix.shape().str(), decoder.shift.shape().str(), rows,
          features);
}

Tensor made(const Shape& shape, Device device, Arena* arena) {
    return arena != nullptr ? arena->allocate(shape, DType::I32)
                            : Tensor(shape, DType::I32, device);
}

Tensor host_rows(const std::vector<int32_t>& rows) {
    Tensor out({std::ssize(rows)}, DType::I32);
    std::ranges::copy(rows, out.data<int32_t>());
    return out;
}

// The same on a device: in an arena nothing is allocated for it, and nobody waits.
Tensor there(const Tensor& host, Device device, GpuStream stream, Arena* arena) {
    if (device == host.device()) {
        return host;
    }
    Tensor out = made(host.shape(), device, arena);
    copy_bytes(out.raw(), device, host.raw(), Device::Cpu, host.bytes(), stream);
    return out;
}

}  // namespace

Residual Residual::to(Device device) const {
    Residual out = *this;
    for (Tensor* column : {&out.means, &out.log_scales.latents, &out.rotations.latents,
                           &out.opacities.latents, &out.sh_dc.latents, &out.rest}) {
        *column = column->to(device);
    }
    return out;
}

Tensor Residual::sources(int64_t count_before, Device device, GpuStream stream,
                         Arena* arena) const {
    if (keeps_rows()) {
        return {};
    }
    std::vector<int32_t> made_of = clones;
    made_of.insert(made_of.end(), splits.begin(), splits.end());
    const Tensor gone = there(host_rows(removed), device, stream, arena),
                 from = there(host_rows(made_of), device, stream, arena);
    Tensor out = made({count()}, device, arena);
    const SourceRows rows{.removed = gone.data<int32_t>(),
                          .removed_count = std::ssize(removed),
                          .survivors = count_before - std::ssize(removed),
                          .made_of = from.data<int32_t>(),
                          .sources = out.data<int32_t>()};
    run_on(device, rows, count(), stream);
    return out;
}

void Residual::check_fits(const FixedCloud& before) const {
    check_rows(removed, before.count(), "removed");
    check_rows(clones, before.count(), "clones");
    check_rows(splits, before.count(), "splits");
    check(std::ranges::adjacent_find(removed, std::greater_equal{}) == removed.end(),
          "removed Gaussians are not in ascending order");
    const int64_t rows = before.count() - static_cast<int64_t>(removed.size()) +
                         static_cast<int64_t>(clones.size() + splits.size());
    check(means.shape() == Shape{rows, 3}, "centres {} of {} Gaussians", means.shape().str(), rows);
    check_latents(log_scales.latents, log_scales.decoder, rows, 3, "log scales");
    check_latents(rotations.latents, rotations.decoder, rows, 4, "rotations");
    check_latents(opacities.latents, opacities.decoder, rows, 1, "opacities");
    check_latents(sh_dc.latents, sh_dc.decoder, rows, 3, "colours");
    check_latents(rest, rest_decoder, rows, before.rest_decoder.features(), "harmonics");
    check(rest_decoder.latents() == before.rest_decoder.latents(),
          "harmonics of {} latents after {}", rest_decoder.latents(),
          before.rest_decoder.latents());
}

FixedCloud advance(const FixedCloud& before, const Residual& residual, GpuStream stream,
                   Arena* arena) {
    residual.check_fits(before);
    const Device device = before.device();
    const int64_t n = residual.count();
    const Tensor rows = residual.sources(before.count(), device, stream, arena);
    const int32_t* sources = rows.empty() ? nullptr : rows.data<int32_t>();

    const auto added = [&](const Tensor& column, const Tensor& numbers) {
        Tensor after = made(column.shape().with(0, n), device, arena);
        const AddRows add{.before = column.data<int32_t>(),
                          .sources = sources,
                          .added = numbers.data<int32_t>(),
                          .features = column.extent(1),
                          .after = after.data<int32_t>()};
        run_on(device, add, n, stream);
        return after;
    };
    const auto changed = [&](const Tensor& column, const ResidualColumn& by, int32_t shrink) {
        Tensor after = made(column.shape().with(0, n), device, arena);
        const Tensor matrix = there(by.decoder.matrix, device, stream, arena),
                     shift = there(by.decoder.shift, device, stream, arena);
        const AddProductRows add{.before = column.data<int32_t>(),
                                 .sources = sources,
                                 .product = {.latents = by.latents.data<int32_t>(),
                                             .matrix = matrix.data<int32_t>(),
                                             .shift = shift.data<int32_t>(),
                                             .width = by.decoder.latents(),
                                             .features = by.decoder.features()},
                                 .after = after.data<int32_t>(),
                                 .first_split = n - static_cast<int64_t>(residual.splits.size()),
                                 .shrink = shrink};
        run_on(device, add, n, stream);
        return after;
    };
    return {.mean_step = before.mean_step,
            .means = added(before.means, residual.means),
            .log_scales = changed(before.log_scales, residual.log_scales, kSplitShrinks),
            .rotations = changed(before.rotations, residual.rotations, 0),
            .opacities = changed(before.opacities, residual.opacities, 0),
            .sh_dc = changed(before.sh_dc, residual.sh_dc, 0),
            .rest = added(before.rest, residual.rest),
            .rest_decoder = residual.rest_decoder};
}

}  // namespace longtake::gaussians
