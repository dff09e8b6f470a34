#include "diffusion/weights/scaled_fp8.h"

#include "core/error.h"
#include "core/fp8_rounding.h"
#include "core/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::diffusion {

std::string fp8_scale_name(const std::string& name) {
    return name + "_scale";
}

bool is_fp8_candidate(const std::string& name, const Shape& shape) {
    const bool in_block = name.starts_with("blocks.") || name.starts_with("encoder.block.");
    return in_block && shape.rank() == 2 && name.ends_with(".weight") &&
           name.find("relative_attention_bias") == std::string::npos;
}

Tensor fp8_row_scales(const Tensor& matrix) {
    const Tensor values = matrix.to(DType::F32);
    const int64_t rows = values.extent(0), columns = values.extent(1);
    Tensor scales({rows, 1}, DType::F32);
    parallel_for(rows, [&](int64_t row) {
        // Of every eighth, so that the maxima do not wait for each other.
        constexpr int64_t kApart = 8;
        std::array<float, kApart> most{};
        const float* from = values.data<float>() + row * columns;
        for (int64_t i = 0; i < columns; ++i) {
            float& m = most[static_cast<size_t>(i % kApart)];
            m = std::max(m, std::abs(from[i]));
        }
        const float largest = std::ranges::max(most);
        const float scale = largest / f8e4m3::kLargest;
        scales.data<float>()[row] = scale > 0 ? scale : 1.F;
    });
    return scales;
}

Tensor to_fp8(const Tensor& matrix, const Tensor& row_scales) {
    const Tensor values = matrix.to(DType::F32);
    const int64_t rows = values.extent(0), columns = values.extent(1);
    Tensor elements(values.shape(), DType::F8E4M3);
    parallel_for(rows, [&](int64_t row) {
        const float scale = row_scales.data<float>()[row];
        const float* from = values.data<float>() + row * columns;
        f8e4m3* to = elements.data<f8e4m3>() + row * columns;
        for (int64_t i = 0; i < columns; ++i) {
            to[i].bits = e4m3_bits(from[i] / scale);
        }
    });
    return elements;
}

Tensor from_fp8(const Tensor& elements, const Tensor& scales) {
    const int64_t rows = elements.shape().rank() == 2 ? elements.extent(0) : 1;
    check_input(
        scales.count() == 1 || scales.shape() == Shape{rows, 1} || scales.shape() == Shape{rows},
        "scales of {} for {}", scales.shape().str(), elements.shape().str());
    std::array<float, 256> decoded{};
    for (size_t i = 0; i < decoded.size(); ++i) {
        f8e4m3 element;
        element.bits = static_cast<uint8_t>(i);
        decoded[i] = static_cast<float>(element);
    }
    const Tensor factors = scales.to(DType::F32);
    const int64_t columns = rows == 0 ? 0 : elements.count() / rows;
    Tensor values(elements.shape(), DType::F32);
    parallel_for(rows, [&](int64_t row) {
        const float scale = factors.data<float>()[factors.count() == 1 ? 0 : row];
        for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
            values.data<float>()[i] = decoded[elements.data<f8e4m3>()[i].bits] * scale;
        }
    });
    return values;
}

}  // namespace longtake::diffusion
