/* The toy world: a procedural 3-D world that renders captioned clips, by seed.
 *
 * World axes: x right, y away from the first camera, z up; the ground is z = 0; an object is about
 * one unit high. Camera axes: OpenCV (x right, y down, z forward); poses are world-to-camera.
 * Everything is a pure function of (script, seed): same input, same clip.
 * Functions that return int give 0 on success and -1 on bad arguments or a failed device call,
 * unless said otherwise. */
#ifndef LONGTAKE_TOYWORLD_H
#define LONGTAKE_TOYWORLD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { LTW_MAX_OBJECTS = 4, LTW_MAX_VIEWS = 64 };

/* Names of the enumerated fields: ltw_name(kind, index). */
enum { LTW_SHAPE, LTW_COLOUR, LTW_MOTION, LTW_CAMERA, LTW_SKY, LTW_GROUND };

typedef struct {
    int32_t shape, colour, motion;
    float size; /* height of the object in scene units, 0.7 .. 1.6; 0 means 1.1 */
} ltw_object;

typedef struct {
    int32_t sky, ground, camera, object_count; /* object_count 0 .. LTW_MAX_OBJECTS */
    ltw_object objects[4];                     /* a slot keeps its object across segments */
} ltw_segment;

typedef struct {
    int32_t segment_count; /* 1 or 2 */
    int32_t switch_frame;  /* first frame of segments[1]; ignored when segment_count is 1 */
    ltw_segment segments[2]; /* the full state that holds from its first frame on */
} ltw_script;

/* Cameras that look at the same moments: view_count of them on an arc of `spread` radians around
 * the scene, centred on the clip's own camera (2 pi or more: a full ring). `fixed`: all stay at
 * their poses of frame 0 instead of moving with the clip's camera. */
typedef struct {
    int32_t view_count;
    int32_t fixed;
    float spread;
} ltw_rig;

int ltw_version(void);
const char* ltw_name(int kind, int index); /* NULL past the end */

/* The script of a seed. Any switch lies at a multiple of 12 frames inside the clip. */
int ltw_describe(uint64_t seed, int frames, ltw_script* out);

/* A caption of one segment: a function of (script, segment, variant). Variant 0 is the canonical,
 * complete one. Writes a terminated string; returns its length, or -1 (cap too small included). */
int ltw_caption(const ltw_script* script, int segment, uint64_t variant, char* buf, int cap);

/* n clips. `samples` rays per pixel (1, 4, 9 or 16; 0 means 4); fps <= 0 means 16; rgb may be NULL.
 *   rgb   [n, T, H, W, 3] sRGB
 *   mask  [n, T, H, W] at the pixel centre: 0 background, else object slot + 1; may be NULL
 *   depth [n, T, H, W] along the optical axis, scene units, 1000 for the sky; may be NULL
 * `scripts` holds n scripts, to which the seeds add incidentals (speeds, phases, distances); it may
 * be NULL: each seed then brings its own script. The CUDA forms take host `seeds` and `scripts`,
 * device outputs and a cudaStream_t, and return once the work is queued. */
int ltw_render_cpu(const uint64_t* seeds, int n, int width, int height, int frames, float fps,
                   int samples, uint8_t* rgb, uint8_t* mask, float* depth);
int ltw_render_cuda(const uint64_t* seeds, int n, int width, int height, int frames, float fps,
                    int samples, uint8_t* rgb, uint8_t* mask, float* depth, void* stream);
int ltw_render_scripts_cpu(const ltw_script* scripts, const uint64_t* seeds, int n, int width,
                           int height, int frames, float fps, int samples, uint8_t* rgb,
                           uint8_t* mask, float* depth);
int ltw_render_scripts_cuda(const ltw_script* scripts, const uint64_t* seeds, int n, int width,
                            int height, int frames, float fps, int samples, uint8_t* rgb,
                            uint8_t* mask, float* depth, void* stream);

/* One clip (script may be NULL) seen by the V cameras of a rig at the same moments.
 *   rgb [V, T, H, W, 3], mask and depth [V, T, H, W]; each may be NULL
 *   world_to_camera [V, T, 4, 4] row-major; intrinsics [V, 4] fx fy cx cy in pixels, where the
 *   centre of the first pixel is at (0.5, 0.5); both on the host; each may be NULL */
int ltw_render_views_cpu(const ltw_script* script, uint64_t seed, const ltw_rig* rig, int width,
                         int height, int frames, float fps, int samples, uint8_t* rgb,
                         uint8_t* mask, float* depth, float* world_to_camera, float* intrinsics);
int ltw_render_views_cuda(const ltw_script* script, uint64_t seed, const ltw_rig* rig, int width,
                          int height, int frames, float fps, int samples, uint8_t* rgb,
                          uint8_t* mask, float* depth, float* world_to_camera, float* intrinsics,
                          void* stream);

/* N points that stick to the surfaces of one clip (script may be NULL), seen by its own camera.
 *   pixels [T, N, 2] x y in pixels (centre of the first pixel at 0.5)
 *   visible [T, N] 1 when in the picture and nothing lies in front
 *   positions [T, N, 3] world; slots [N]: -1 ground, else the object's slot; each may be NULL */
int ltw_tracks(const ltw_script* script, uint64_t seed, int width, int height, int frames,
               float fps, int points, float* pixels, uint8_t* visible, float* positions,
               int32_t* slots);

/* Where the objects are: centres [T, 4, 3] world and extents [T, 4] (0 for an absent object). */
int ltw_states(const ltw_script* script, uint64_t seed, int frames, float fps, float* centres,
               float* extents);

int ltw_cuda_devices(void); /* CUDA devices that this build can use; 0 without CUDA */

#ifdef __cplusplus
}
#endif

#endif
