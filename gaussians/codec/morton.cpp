#include "gaussians/codec/morton.h"

#include "gaussians/codec/parallel_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

namespace longtake::gaussians {
namespace {

constexpr int kBits = 21;  // of an axis

// Two zeros behind each of the lowest 21 bits.
uint64_t spread(uint64_t v) {
    v &= (uint64_t{1} << kBits) - 1;
    v = (v | v << 32) & 0x001f00000000ffff;
    v = (v | v << 16) & 0x001f0000ff0000ff;
    v = (v | v << 8) & 0x100f00f00f00f00f;
    v = (v | v << 4) & 0x10c30c30c30c30c3;
    return (v | v << 2) & 0x1249249249249249;
}

}  // namespace

std::vector<int32_t> morton_order(const Tensor& points) {
    const int64_t count = points.extent(0);
    const auto* at = points.data<int32_t>();
    std::array<int64_t, 3> low;
    low.fill(std::numeric_limits<int32_t>::max());
    int64_t span = 0;
    for (size_t axis = 0; axis < 3; ++axis) {
        int64_t high = std::numeric_limits<int32_t>::min();
        for (int64_t i = 0; i < count; ++i) {
            const int64_t v = at[3 * i + static_cast<int64_t>(axis)];
            low[axis] = std::min(low[axis], v);
            high = std::max(high, v);
        }
        span = std::max(span, high - low[axis]);
    }
    const int drop =
        std::max(0, static_cast<int>(std::bit_width(static_cast<uint64_t>(span))) - kBits);
    std::vector<uint64_t> codes(static_cast<size_t>(count));
    parallel_for_rows(count, [&](int64_t i) {
        uint64_t code = 0;
        for (size_t axis = 0; axis < 3; ++axis) {
            const auto v =
                static_cast<uint64_t>(at[3 * i + static_cast<int64_t>(axis)] - low[axis]);
            code |= spread(v >> drop) << axis;
        }
        codes[static_cast<size_t>(i)] = code;
    });
    std::vector<int32_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {},
                             [&](int32_t row) { return codes[static_cast<size_t>(row)]; });
    return order;
}

Tensor in_order(const Tensor& column, const std::vector<int32_t>& order) {
    Tensor out(column.shape(), DType::I32);
    const int64_t features = column.extent(1);
    parallel_for_rows(std::ssize(order), [&](int64_t i) {
        const int32_t* from = column.data<int32_t>() + features * order[static_cast<size_t>(i)];
        std::copy(from, from + features, out.data<int32_t>() + features * i);
    });
    return out;
}

FixedCloud in_order(const FixedCloud& cloud, const std::vector<int32_t>& order) {
    FixedCloud out = cloud;
    for (Tensor* column :
         {&out.means, &out.log_scales, &out.rotations, &out.opacities, &out.sh_dc, &out.rest}) {
        *column = in_order(*column, order);
    }
    return out;
}

}  // namespace longtake::gaussians
