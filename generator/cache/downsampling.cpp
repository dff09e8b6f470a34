#include "generator/cache/downsampling.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {

Downsampling::Downsampling(int64_t rows, int64_t columns) {
    check_input(columns > 0 && columns % 4 == 0,
                "--cache relic: {} tokens in a row of the picture cannot be halved twice; choose a "
                "width divisible by 64, or another cache",
                columns);
    double due = 0;
    for (size_t place = 0; place < kFactors.size(); ++place) {
        const int64_t factor = kFactors[place], across = columns / factor;
        due += static_cast<double>(rows * columns) / static_cast<double>(factor * factor);
        const auto kept = static_cast<double>(tokens_.size());
        const int64_t down =
            std::clamp<int64_t>(std::llround((due - kept) / static_cast<double>(across)), 0, rows);
        for (int64_t r = 0; r < down; ++r) {
            const int64_t row = (2 * r + 1) * rows / (2 * down);  // the middle of its share
            for (int64_t c = 0; c < across; ++c) {
                tokens_.push_back(static_cast<int32_t>(row * columns + c * factor + factor / 2));
            }
        }
        begins_[place + 1] = std::ssize(tokens_);
    }
    check(begins_.back() == kSlots * rows * columns, "a cycle of {} x {} keeps {} tokens", rows,
          columns, begins_.back());
}

std::span<const int32_t> Downsampling::tokens(int64_t place) const {
    return std::span(tokens_).subspan(static_cast<size_t>(begin(place)),
                                      static_cast<size_t>(begin(place + 1) - begin(place)));
}

}  // namespace longtake::generator
