#include "generator/cache/guess_error.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {

void score_guess_cpu(const Tensor& guess, const Tensor& clean, const GuessError& how,
                     Tensor& scores) {
    const int64_t frames = guess.extent(0), channels = guess.extent(1);
    const int64_t rows = guess.extent(2), columns = guess.extent(3), across = columns / how.width;
    const auto mean_error = [&](int64_t frame, int64_t y0, int64_t x0, int64_t h, int64_t w) {
        double sum = 0;
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t y = y0; y < y0 + h; ++y) {
                const int64_t at = ((frame * channels + c) * rows + y) * columns + x0;
                for (int64_t i = at; i < at + w; ++i) {
                    const double d = double{guess.data<float>()[i]} - clean.data<float>()[i];
                    sum += d * d;
                }
            }
        }
        const double mean = sum / static_cast<double>(channels * h * w);
        return std::log(std::max(static_cast<float>(mean), 1e-12F)) + how.bonus;
    };
    for (int64_t f = 0; f < frames; ++f) {
        float* of_frame = scores.data<float>() + f * how.tokens;
        if (how.whole_frames) {
            std::fill_n(of_frame, how.tokens, mean_error(f, 0, 0, rows, columns));
            continue;
        }
        for (int64_t t = 0; t < how.tokens; ++t) {
            of_frame[t] = mean_error(f, t / across * how.height, t % across * how.width, how.height,
                                     how.width);
        }
    }
}

}  // namespace longtake::generator
