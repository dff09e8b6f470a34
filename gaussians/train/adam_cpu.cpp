#include "core/parallel.h"
#include "gaussians/train/adam.h"

#include <algorithm>
#include <vector>

namespace longtake::gaussians {

void adam_step_cpu(std::span<const AdamBlock> columns) {
    constexpr int64_t kPart = 4096;  // values
    struct Part {
        const AdamBlock* column;
        int64_t begin, end;
    };
    std::vector<Part> parts;
    for (const AdamBlock& column : columns) {
        for (int64_t begin = 0; begin < column.count; begin += kPart) {
            parts.push_back({&column, begin, std::min(column.count, begin + kPart)});
        }
    }
    parallel_for(static_cast<int64_t>(parts.size()), [&](int64_t k) {
        const Part& part = parts[static_cast<std::size_t>(k)];
        const AdamBlock column = *part.column;
#pragma omp simd
        for (int64_t i = part.begin; i < part.end; ++i) {
            adam_update(column.rate, column.gradient[i], column.value[i], column.first[i],
                        column.second[i]);
        }
    });
}

}  // namespace longtake::gaussians
