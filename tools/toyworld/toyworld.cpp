#include "tools/toyworld/toyworld.h"

#include <cstring>
#include <exception>

#include "tools/toyworld/grammar.h"
#include "tools/toyworld/rig.h"
#include "tools/toyworld/tracks.h"

namespace {

using namespace longtake::toyworld;

constexpr int kVersion = 1;

int grid_of(int samples) {
    int grid = 1;
    while (grid < 4 && (grid + 1) * (grid + 1) <= samples) {
        ++grid;
    }
    return samples <= 0 ? 2 : grid;
}

float rate_of(float fps) { return fps > 0 ? fps : 16.0f; }

bool is_size(int width, int height, int frames) {
    return width > 0 && height > 0 && frames > 0 && width <= 16384 && height <= 16384;
}

ltw_script script_for(const ltw_script* script, uint64_t seed, int frames) {
    return script != nullptr ? *script : sample_script(seed, frames);
}

// Nothing may be thrown through the C interface.
template <typename F>
int guarded(F work) {
    try {
        return work() ? 0 : -1;
    } catch (const std::exception&) {
        return -1;
    }
}

bool all_valid(const ltw_script* scripts, int n) {
    bool ok = true;
    for (int i = 0; scripts != nullptr && i < n; ++i) {
        ok = ok && is_valid(scripts[i]);
    }
    return ok;
}

}  // namespace

extern "C" {

int ltw_version(void) { return kVersion; }

const char* ltw_name(int kind, int index) { return name_of(kind, index); }

int ltw_describe(uint64_t seed, int frames, ltw_script* out) {
    if (out == nullptr || frames <= 0) {
        return -1;
    }
    *out = sample_script(seed, frames);
    return 0;
}

int ltw_caption(const ltw_script* script, int segment, uint64_t variant, char* buf, int cap) {
    int length = -1;
    const int failed = guarded([&] {
        if (script == nullptr || buf == nullptr || !is_valid(*script) || segment < 0 ||
            segment >= script->segment_count) {
            return false;
        }
        const std::string text = caption(*script, segment, variant);
        if (static_cast<int>(text.size()) >= cap) {
            return false;
        }
        std::memcpy(buf, text.c_str(), text.size() + 1);
        length = static_cast<int>(text.size());
        return true;
    });
    return failed != 0 ? -1 : length;
}

int ltw_render_scripts_cpu(const ltw_script* scripts, const uint64_t* seeds, int n, int width,
                           int height, int frames, float fps, int samples, uint8_t* rgb,
                           uint8_t* mask, float* depth) {
    return guarded([&] {
        if (seeds == nullptr || n < 0 || !is_size(width, height, frames) ||
            !all_valid(scripts, n)) {
            return false;
        }
        std::vector<Frame> table;
        for (int i = 0; i < n; ++i) {
            const ltw_script script =
                script_for(scripts != nullptr ? scripts + i : nullptr, seeds[i], frames);
            const std::vector<Frame> clip = play(script, seeds[i], frames, rate_of(fps));
            table.insert(table.end(), clip.begin(), clip.end());
        }
        render_cpu(table.data(), static_cast<int>(table.size()),
                   {width, height, grid_of(samples), rgb, mask, depth});
        return true;
    });
}

int ltw_render_scripts_cuda([[maybe_unused]] const ltw_script* scripts,
                            [[maybe_unused]] const uint64_t* seeds, [[maybe_unused]] int n,
                            [[maybe_unused]] int width, [[maybe_unused]] int height,
                            [[maybe_unused]] int frames, [[maybe_unused]] float fps,
                            [[maybe_unused]] int samples, [[maybe_unused]] uint8_t* rgb,
                            [[maybe_unused]] uint8_t* mask, [[maybe_unused]] float* depth,
                            [[maybe_unused]] void* stream) {
#if defined(LTW_CUDA)
    return guarded([&] {
        return seeds != nullptr && n > 0 && is_size(width, height, frames) &&
               all_valid(scripts, n) &&
               render_clips_cuda(scripts, seeds, n, frames, rate_of(fps),
                                 {width, height, grid_of(samples), rgb, mask, depth}, stream);
    });
#else
    return -1;
#endif
}

int ltw_render_cpu(const uint64_t* seeds, int n, int width, int height, int frames, float fps,
                   int samples, uint8_t* rgb, uint8_t* mask, float* depth) {
    return ltw_render_scripts_cpu(nullptr, seeds, n, width, height, frames, fps, samples, rgb, mask,
                                  depth);
}

int ltw_render_cuda(const uint64_t* seeds, int n, int width, int height, int frames, float fps,
                    int samples, uint8_t* rgb, uint8_t* mask, float* depth, void* stream) {
    return ltw_render_scripts_cuda(nullptr, seeds, n, width, height, frames, fps, samples, rgb,
                                   mask, depth, stream);
}

static int render_views(const ltw_script* script, uint64_t seed, const ltw_rig* rig, int width,
                        int height, int frames, float fps, int samples, uint8_t* rgb,
                        uint8_t* mask, float* depth, float* world_to_camera, float* intrinsics,
                        [[maybe_unused]] bool on_device, [[maybe_unused]] void* stream) {
    return guarded([&] {
        if (rig == nullptr || rig->view_count < 1 || rig->view_count > LTW_MAX_VIEWS ||
            !is_size(width, height, frames) || !all_valid(script, 1)) {
            return false;
        }
        const std::vector<Frame> table =
            rig_frames(script_for(script, seed, frames), seed, *rig, frames, rate_of(fps));
        write_cameras(table, rig->view_count, width, height, world_to_camera, intrinsics);
        const Pixels out{width, height, grid_of(samples), rgb, mask, depth};
        const int count = static_cast<int>(table.size());
        if (rgb == nullptr && mask == nullptr && depth == nullptr) {
            return true;
        }
#if defined(LTW_CUDA)
        if (on_device) {
            return render_frames_cuda(table.data(), count, out, stream);
        }
#endif
        render_cpu(table.data(), count, out);
        return true;
    });
}

int ltw_render_views_cpu(const ltw_script* script, uint64_t seed, const ltw_rig* rig, int width,
                         int height, int frames, float fps, int samples, uint8_t* rgb,
                         uint8_t* mask, float* depth, float* world_to_camera, float* intrinsics) {
    return render_views(script, seed, rig, width, height, frames, fps, samples, rgb, mask, depth,
                        world_to_camera, intrinsics, false, nullptr);
}

int ltw_render_views_cuda([[maybe_unused]] const ltw_script* script, [[maybe_unused]] uint64_t seed,
                          [[maybe_unused]] const ltw_rig* rig, [[maybe_unused]] int width,
                          [[maybe_unused]] int height, [[maybe_unused]] int frames,
                          [[maybe_unused]] float fps, [[maybe_unused]] int samples,
                          [[maybe_unused]] uint8_t* rgb, [[maybe_unused]] uint8_t* mask,
                          [[maybe_unused]] float* depth, [[maybe_unused]] float* world_to_camera,
                          [[maybe_unused]] float* intrinsics, [[maybe_unused]] void* stream) {
#if defined(LTW_CUDA)
    return render_views(script, seed, rig, width, height, frames, fps, samples, rgb, mask, depth,
                        world_to_camera, intrinsics, true, stream);
#else
    return -1;
#endif
}

int ltw_tracks(const ltw_script* script, uint64_t seed, int width, int height, int frames,
               float fps, int points, float* pixels, uint8_t* visible, float* positions,
               int32_t* slots) {
    return guarded([&] {
        if (!is_size(width, height, frames) || points < 0 || pixels == nullptr ||
            visible == nullptr || !all_valid(script, 1)) {
            return false;
        }
        track_points(play(script_for(script, seed, frames), seed, frames, rate_of(fps)), seed,
                     width, height, points, {pixels, visible, positions, slots});
        return true;
    });
}

int ltw_states(const ltw_script* script, uint64_t seed, int frames, float fps, float* centres,
               float* extents) {
    return guarded([&] {
        if (frames <= 0 || centres == nullptr || extents == nullptr || !all_valid(script, 1)) {
            return false;
        }
        for (const Frame& f :
             play(script_for(script, seed, frames), seed, frames, rate_of(fps))) {
            for (const Body& body : f.bodies) {
                *centres++ = body.position.x;
                *centres++ = body.position.y;
                *centres++ = body.position.z;
                *extents++ = 2 * body.a;
            }
        }
        return true;
    });
}

int ltw_cuda_devices(void) {
#if defined(LTW_CUDA)
    return cuda_devices();
#else
    return 0;
#endif
}

}  // extern "C"
