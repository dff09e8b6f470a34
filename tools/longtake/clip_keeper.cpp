#include "tools/longtake/clip_keeper.h"

#include "core/error.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

ClipKeeper::ClipKeeper(std::vector<int64_t> starts, int64_t length, int64_t frames, int64_t height,
                       int64_t width)
    : starts_(std::move(starts)), frames_(frames) {
    for (const int64_t start : starts_) {
        check_input(start <= frames - length,
                    "a clip of {} frames from frame {} on ends behind a take of {} frames; make "
                    "the take longer",
                    length, start, frames);
    }
    clips_ = Tensor({std::ssize(starts_), length, height / 2, width / 2, 3}, DType::U8);
    std::ranges::fill(clips_.values<uint8_t>(), uint8_t{0});
}

int64_t ClipKeeper::next(int64_t frame) const {
    int64_t next = frames_;
    for (const int64_t start : starts_) {
        if (frame < start + clips_.extent(1)) {
            next = std::min(next, std::max(frame, start));
        }
    }
    return next;
}

void ClipKeeper::keep(int64_t first, const Tensor& frames) {
    const int64_t length = clips_.extent(1), h = clips_.extent(2), w = clips_.extent(3);
    for (int64_t clip = 0; clip < clips_.extent(0); ++clip) {
        const int64_t start = starts_[static_cast<size_t>(clip)];
        const int64_t end = std::min(first + frames.extent(0), start + length);
        for (int64_t i = std::max(first, start); i < end; ++i) {
            halve(frames.data<uint8_t>() + (i - first) * 12 * h * w,
                  clips_.data<uint8_t>() + (clip * length + i - start) * 3 * h * w, h, w);
        }
    }
}

}  // namespace longtake::cli
