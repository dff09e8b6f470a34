#include "generator/tracks/lucas_kanade.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr int64_t kSide = 2 * kPatchReach + 1, kValues = 3 * kSide * kSide;
constexpr int64_t kWideReach = kPatchReach + 1, kWideSide = 2 * kWideReach + 1;
constexpr int kMostSteps = 20;
constexpr float kStill = 0.005F;    // pixels of a step that is the last
constexpr float kLeastTexture = 5;  // smaller eigenvalue of the gradients' mean square

using Patch = std::array<float, kValues>;

// A patch with its gradients, and the inverse of their second moments.
struct Template {
    Patch value, dx, dy;
    float xx, xy, yy;  // of the inverse
};

// Scharr's weights: across by difference, along by 3, 10, 3.
std::optional<Template> template_at(const ImagePyramid& picture, int64_t level, Spot at) {
    std::array<float, 3 * kWideSide * kWideSide> wide;
    picture.sample(level, at.x, at.y, kWideReach, wide);
    Template t;
    double xx = 0, xy = 0, yy = 0;
    constexpr int64_t kRow = 3 * kWideSide;
    for (int64_t row = 0; row < kSide; ++row) {
        const float* in = wide.data() + (row + 1) * kRow + 3;
        const auto first = static_cast<size_t>(3 * kSide * row);
        for (size_t k = 0; k < 3 * kSide; ++k) {
            const float* p = in + k;
            const float right = 3 * (p[3 - kRow] + p[3 + kRow]) + 10 * p[3];
            const float left = 3 * (p[-3 - kRow] + p[-3 + kRow]) + 10 * p[-3];
            const float below = 3 * (p[kRow - 3] + p[kRow + 3]) + 10 * p[kRow];
            const float above = 3 * (p[-kRow - 3] + p[-kRow + 3]) + 10 * p[-kRow];
            t.value[first + k] = p[0];
            t.dx[first + k] = (right - left) / 32;
            t.dy[first + k] = (below - above) / 32;
        }
        for (size_t k = first; k < first + 3 * kSide; ++k) {
            xx += static_cast<double>(t.dx[k] * t.dx[k]);
            xy += static_cast<double>(t.dx[k] * t.dy[k]);
            yy += static_cast<double>(t.dy[k] * t.dy[k]);
        }
    }
    const double smaller = (xx + yy - std::hypot(xx - yy, 2 * xy)) / 2;
    if (smaller < static_cast<double>(kLeastTexture) * kValues) {
        return std::nullopt;
    }
    const double determinant = xx * yy - xy * xy;
    t.xx = static_cast<float>(yy / determinant);
    t.xy = static_cast<float>(-xy / determinant);
    t.yy = static_cast<float>(xx / determinant);
    return t;
}

// Sums of the difference to the template times its gradients, and of its square.
struct Misfit {
    float dx = 0, dy = 0, square = 0;
};
Misfit misfit(const Template& t, const Patch& patch) {
    std::array<float, 8> dx{}, dy{}, square{};  // lanes, so that their order is always the same
    for (size_t k = 0; k < kValues / 8 * 8; k += 8) {
        for (size_t lane = 0; lane < 8; ++lane) {
            const float e = t.value[k + lane] - patch[k + lane];
            dx[lane] += e * t.dx[k + lane];
            dy[lane] += e * t.dy[k + lane];
            square[lane] += e * e;
        }
    }
    Misfit sum;
    for (size_t lane = 0; lane < 8; ++lane) {
        sum.dx += dx[lane];
        sum.dy += dy[lane];
        sum.square += square[lane];
    }
    return sum;
}

bool inside(const ImagePyramid& picture, int64_t level, Spot at) {
    const auto scale = static_cast<float>(int64_t{1} << level);
    return at.x >= 0 && at.y >= 0 && at.x * scale < static_cast<float>(picture.width()) &&
           at.y * scale < static_cast<float>(picture.height());
}

}  // namespace

std::optional<PatchMatch> find_patch(const ImagePyramid& picture, Spot from,
                                     const ImagePyramid& other, Spot guess, int64_t levels) {
    float difference = 0;
    Spot moved{guess.x - from.x, guess.y - from.y};  // pixels of the largest level
    for (int64_t level = std::min(levels, picture.levels()) - 1; level >= 0; --level) {
        const float scale = 1 / static_cast<float>(int64_t{1} << level);
        const auto t = template_at(picture, level, {from.x * scale, from.y * scale});
        if (!t) {
            if (level > 0) {
                continue;  // a larger level may tell more
            }
            return std::nullopt;
        }
        Spot at{(from.x + moved.x) * scale, (from.y + moved.y) * scale};
        Patch patch;
        for (int step = 0; step < kMostSteps; ++step) {
            if (!inside(other, level, at)) {
                return std::nullopt;
            }
            other.sample(level, at.x, at.y, kPatchReach, patch);
            const Misfit e = misfit(*t, patch);
            const float dx = t->xx * e.dx + t->xy * e.dy, dy = t->xy * e.dx + t->yy * e.dy;
            at = {at.x + dx, at.y + dy};
            difference = std::sqrt(e.square / static_cast<float>(kValues));
            if (std::hypot(dx, dy) < kStill) {
                break;
            }
        }
        moved = {at.x / scale - from.x, at.y / scale - from.y};
    }
    const Spot at{from.x + moved.x, from.y + moved.y};
    if (!inside(other, 0, at)) {
        return std::nullopt;
    }
    return PatchMatch{at, difference};
}

}  // namespace longtake::generator
