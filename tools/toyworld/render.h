#pragma once

#include <vector>

#include "tools/toyworld/sample_script.h"
#include "tools/toyworld/shade.h"
#include "tools/toyworld/timeline.h"

namespace longtake::toyworld {

// The frames of one clip.
std::vector<Frame> play(const ltw_script& script, uint64_t seed, int frames, float fps);

// Renders `count` frames one after another into `out`, whose pointers name the first.
void render_cpu(const Frame* frames, int count, const Pixels& out);

#if defined(LTW_CUDA)
// The same on the current CUDA device; pointers in `out` are the device's. False on failure.
bool render_clips_cuda(const ltw_script* scripts, const uint64_t* seeds, int clips, int frames,
                       float fps, const Pixels& out, void* stream);
bool render_frames_cuda(const Frame* frames, int count, const Pixels& out, void* stream);
int cuda_devices();
#endif

}  // namespace longtake::toyworld
