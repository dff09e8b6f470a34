#include "tools/longtake/clip_keeper.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::cli {
namespace {

// The mean of every four pixels: from [2 h, 2 w, 3] to [h, w, 3].
void halve(const uint8_t* from, uint8_t* to, int64_t h, int64_t w) {
    const int64_t row = 2 * w * 3;
    for (int64_t y = 0; y < h; ++y) {
        for (int64_t i = 0; i < w * 3; ++i) {
            const uint8_t* p = from + 2 * y * row + i / 3 * 6 + i % 3;
            *to++ = static_cast<uint8_t>((p[0] + p[3] + p[row] + p[row + 3] + 2) / 4);
        }
    }
}

}  // namespace

ClipKeeper::ClipKeeper(int64_t frames, int64_t clips, int64_t length, int64_t height, int64_t width)
    : frames_(frames) {
    check_input(length <= frames && clips <= frames - length + 1,
                "{} clips of {} frames are more than a take of {} frames has; make it longer",
                clips, length, frames);
    clips_ = Tensor({clips, length, height / 2, width / 2, 3}, DType::U8);
    std::ranges::fill(clips_.values<uint8_t>(), uint8_t{0});
}

int64_t ClipKeeper::first_of(int64_t clip) const {
    const int64_t last = frames_ - clips_.extent(1);
    return clips_.extent(0) == 1 ? 0 : clip * last / (clips_.extent(0) - 1);
}

void ClipKeeper::write(const Tensor& frames) {
    const int64_t length = clips_.extent(1), h = clips_.extent(2), w = clips_.extent(3);
    for (int64_t i = 0; i < frames.extent(0); ++i, ++seen_) {
        for (int64_t clip = 0; clip < clips_.extent(0); ++clip) {
            const int64_t at = seen_ - first_of(clip);
            if (at >= 0 && at < length) {
                halve(frames.data<uint8_t>() + i * 12 * h * w,
                      clips_.data<uint8_t>() + (clip * length + at) * 3 * h * w, h, w);
            }
        }
    }
}

}  // namespace longtake::cli
