#pragma once

#include <cstring>

#include "tools/toyworld/render.h"

// Several cameras on an arc around the stage, and their poses as numbers.
namespace longtake::toyworld {

// The frames of every view of a rig, view after view.
inline std::vector<Frame> rig_frames(const ltw_script& script, uint64_t seed, const ltw_rig& rig,
                                     int frames, float fps) {
    std::vector<Frame> result;
    const int views = rig.view_count;
    const bool ring = rig.spread >= 2 * kPi - 1e-3f;
    for (int v = 0; v < views; ++v) {
        const float step = 1 / static_cast<float>(ring ? views : (views > 1 ? views - 1 : 1));
        const float part = static_cast<float>(v) * step - (ring || views == 1 ? 0.0f : 0.5f);
        const float offset = part * (ring ? 2 * kPi : rig.spread);
        Timeline timeline(script, seed, fps);
        for (int t = 0; t < frames; ++t) {
            if (t > 0) {
                timeline.step();
            }
            result.push_back(timeline.frame(offset));
            if (rig.fixed != 0 && t > 0) {
                result.back().view = result[result.size() - 2].view;
            }
        }
    }
    return result;
}

inline void write_cameras(const std::vector<Frame>& frames, int views, int width, int height,
                          float* world_to_camera, float* intrinsics) {
    for (size_t k = 0; world_to_camera != nullptr && k < frames.size(); ++k) {
        const View& v = frames[k].view;
        float* m = world_to_camera + 16 * k;
        for (const Vec3 axis : {v.right, v.down, v.forward}) {
            const float row[4] = {axis.x, axis.y, axis.z, -dot(axis, v.position)};
            std::memcpy(m, row, sizeof row);
            m += 4;
        }
        const float last[4] = {0, 0, 0, 1};
        std::memcpy(m, last, sizeof last);
    }
    const float focal = static_cast<float>(height) / (2 * kTanHalfHeight);
    for (int k = 0; intrinsics != nullptr && k < views; ++k) {
        const float row[4] = {focal, focal, 0.5f * static_cast<float>(width),
                              0.5f * static_cast<float>(height)};
        std::memcpy(intrinsics + 4 * k, row, sizeof row);
    }
}

}  // namespace longtake::toyworld
