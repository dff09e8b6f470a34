#pragma once

#include <cstdint>

namespace longtake::gaussians {

// SSIM's window along one axis: exp(-d^2 / (2 1.5^2)), of sum 1.
constexpr int64_t kTaps = 11, kTapsReach = kTaps / 2;
constexpr double kTapWeights[kTaps]{0.00102838008447911, 0.00759875813523919, 0.03600077212843083,
                                    0.10936068950970002, 0.21300553771125368, 0.26601172486179437,
                                    0.21300553771125368, 0.10936068950970002, 0.03600077212843083,
                                    0.00759875813523919, 0.00102838008447911};

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

}  // namespace longtake::gaussians
