#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

// SSIM's window, one row of a plane at a time: down the columns first, then along the row.
namespace longtake::gaussians {

constexpr int64_t kTaps = 11, kTapsReach = kTaps / 2;
// exp(-d^2 / (2 1.5^2)), of sum 1.
constexpr std::array<double, kTaps> kTapWeights{
    0.00102838008447911, 0.00759875813523919, 0.03600077212843083, 0.10936068950970002,
    0.21300553771125368, 0.26601172486179437, 0.21300553771125368, 0.10936068950970002,
    0.03600077212843083, 0.00759875813523919, 0.00102838008447911};

// The rows of a plane [H, W] under the window of row y; those beyond the plane are `zeros` [W].
template <typename Scalar> struct WindowRows {
    WindowRows(const Scalar* plane, int64_t y, int64_t height, int64_t width, const Scalar* zeros) {
        for (int64_t i = 0; i < kTaps; ++i) {
            const int64_t row = y + i - kTapsReach;
            rows[i] = row >= 0 && row < height ? plane + row * width : zeros;
        }
    }
    const Scalar* rows[kTaps];
};

// Room for the columns' sums of a row, with the zeros to its left and right.
template <typename Scalar> class WindowRow {
  public:
    explicit WindowRow(int64_t width) : sums_(static_cast<std::size_t>(width + 2 * kTapsReach)) {}

    Scalar* columns() { return sums_.data() + kTapsReach; }
    Scalar along(int64_t x) const {
        Scalar sum = 0;
        for (int64_t i = 0; i < kTaps; ++i) {
            sum += static_cast<Scalar>(kTapWeights[static_cast<std::size_t>(i)]) *
                   sums_[static_cast<std::size_t>(x + i)];
        }
        return sum;
    }

  private:
    std::vector<Scalar> sums_;
};

}  // namespace longtake::gaussians
