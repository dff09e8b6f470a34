#include "tools/toyworld/tracks.h"

namespace longtake::toyworld {
namespace {

constexpr float kFarthest = 14;  // scene units that a point of the floor is away at most

struct Anchor {
    int slot;    // -1 on the floor
    int shape;   // a point ends where its object takes another shape
    Vec3 local;  // in the solid's own axes in units of a, or in the world
};

// A point on the surface, found by shooting a ray at the solid from outside.
Anchor on_object(Random& random, int slot, int shape) {
    for (;;) {
        const Vec3 from =
            normalize({random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)}) * 4.0f;
        const Vec3 at = Vec3{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)};
        const Vec3 ray = normalize(at - from);
        Hit hit;
        if (hit_shape(shape, from, ray, hit)) {
            return {slot, shape, from + ray * hit.t};
        }
    }
}

// A point of the floor, found by looking at a random place of a random moment's picture: a camera
// that moves finds new ones.
Anchor on_floor(Random& random, const std::vector<Frame>& frames, float aspect) {
    for (;;) {
        const size_t t = random.chance(0.5f) ? 0 : random.below(static_cast<int>(frames.size()));
        const View& v = frames[t].view;
        const float x = random.uniform(-aspect, aspect) * kTanHalfHeight;
        const float y = random.uniform(-1, 1) * kTanHalfHeight;
        const Vec3 ray = v.forward + v.right * x + v.down * y;
        const float far = -v.position.z / ray.z;
        if (ray.z < 0 && far < kFarthest) {
            const Vec3 p = v.position + ray * far;
            return {-1, 0, {p.x, p.y, 0}};
        }
    }
}

}  // namespace

void track_points(const std::vector<Frame>& frames, uint64_t seed, int width, int height,
                  int points, const TrackOutputs& out) {
    Random random(seed, 5);
    std::vector<Anchor> anchors;
    const int bodies = frames[0].body_count;
    const float aspect = static_cast<float>(width) / static_cast<float>(height);
    for (int n = 0; n < points; ++n) {
        if (bodies > 0 && n % 2 == 0) {
            const int slot = n / 2 % bodies;
            size_t t = 0;  // its shape when it is first there
            while (t + 1 < frames.size() && frames[t].bodies[slot].a <= 0) {
                ++t;
            }
            anchors.push_back(on_object(random, slot, frames[t].bodies[slot].shape));
        } else {
            anchors.push_back(on_floor(random, frames, aspect));
        }
    }
    for (size_t t = 0; t < frames.size(); ++t) {
        const Frame& frame = frames[t];
        for (size_t n = 0; n < anchors.size(); ++n) {
            const Anchor& anchor = anchors[n];
            const size_t at = t * anchors.size() + n;
            Vec3 p = anchor.local;
            bool there = true;
            if (anchor.slot >= 0) {
                const Body& body = frame.bodies[anchor.slot];
                p = body.position + body.rotation * (anchor.local * body.a);
                there = body.a > 0 && body.shape == anchor.shape;
            }
            const Vec3 to = p - frame.view.position;
            const float depth = fmaxf(dot(to, frame.view.forward), 1e-3f);
            const float focal = static_cast<float>(height) / (2 * kTanHalfHeight);
            const float x = dot(to, frame.view.right) / depth * focal + 0.5f * width;
            const float y = dot(to, frame.view.down) / depth * focal + 0.5f * height;
            const bool inside = depth > 0.05f && x >= 0 && y >= 0 && x < width && y < height;
            const float distance = length(to);
            const Surface s = cast(frame, frame.view.position, to * (1 / distance));
            out.pixels[2 * at] = x;
            out.pixels[2 * at + 1] = y;
            out.visible[at] = there && inside && s.slot == anchor.slot &&
                              fabsf(s.hit.t - distance) < 0.02f + 0.005f * distance;
            if (out.positions != nullptr) {
                out.positions[3 * at] = p.x;
                out.positions[3 * at + 1] = p.y;
                out.positions[3 * at + 2] = p.z;
            }
            if (out.slots != nullptr) {
                out.slots[n] = anchor.slot;
            }
        }
    }
}

}  // namespace longtake::toyworld
