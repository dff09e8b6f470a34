#include "tools/toyworld/render.h"

#include <algorithm>
#include <thread>

namespace longtake::toyworld {

std::vector<Frame> play(const ltw_script& script, uint64_t seed, int frames, float fps) {
    Timeline timeline(script, seed, fps);
    std::vector<Frame> result;
    result.reserve(static_cast<size_t>(frames));
    for (int t = 0; t < frames; ++t) {
        if (t > 0) {
            timeline.step();
        }
        result.push_back(timeline.frame(0));
    }
    return result;
}

void render_cpu(const Frame* frames, int count, const Pixels& out) {
    const size_t area = static_cast<size_t>(out.width) * static_cast<size_t>(out.height);
    const auto work = [&](int first, int stride) {
        for (int k = first; k < count; k += stride) {
            const size_t at = static_cast<size_t>(k) * area;
            Pixels one = out;
            one.rgb = out.rgb != nullptr ? out.rgb + 3 * at : nullptr;
            one.mask = out.mask != nullptr ? out.mask + at : nullptr;
            one.depth = out.depth != nullptr ? out.depth + at : nullptr;
            for (int y = 0; y < out.height; ++y) {
                for (int x = 0; x < out.width; ++x) {
                    shade_pixel(frames[k], one, x, y);
                }
            }
        }
    };
    const int threads =
        std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, std::max(count, 1));
    std::vector<std::jthread> pool;
    for (int i = 1; i < threads; ++i) {
        pool.emplace_back(work, i, threads);
    }
    work(0, threads);
}

}  // namespace longtake::toyworld
