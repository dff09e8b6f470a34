#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace longtake::generator {

// Which tokens are kept of frames that have left, in cycles of 18: of one frame all, of others
// every second or fourth in each direction (RELIC, arXiv 2512.04040). A cycle is as many tokens as
// three frames, whatever the grid: where rows cannot be divided evenly, frames of a cycle differ by
// a row.
class Downsampling {
  public:
    static constexpr std::array<int, 18> kFactors{1, 4, 2, 4, 4, 4, 2, 4, 4,
                                                  2, 4, 4, 4, 2, 4, 4, 2, 4};
    static constexpr int64_t kCycle = 18;  // frames
    static constexpr int64_t kSlots = 3;   // frames' worth of tokens that a cycle keeps

    // A frame is rows x columns tokens; columns are divisible by 4.
    Downsampling(int64_t rows, int64_t columns);

    // Tokens kept of the frame at a place in the cycle, ascending: numbers within the frame.
    std::span<const int32_t> tokens(int64_t place) const;
    // How many a cycle keeps before that place.
    int64_t begin(int64_t place) const { return begins_[static_cast<size_t>(place)]; }

  private:
    std::array<int64_t, kCycle + 1> begins_{};
    std::vector<int32_t> tokens_;
};

}  // namespace longtake::generator
