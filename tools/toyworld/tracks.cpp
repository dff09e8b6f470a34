#include "tools/toyworld/tracks.h"

namespace longtake::toyworld {
namespace {

struct Anchor {
    int slot;    // -1 on the floor
    int shape;   // a point ends where its object takes another shape
    Vec3 local;  // in the solid's own axes in units of a, or in the world
};

// A point on the surface, found by shooting a ray at the solid from outside.
Anchor on_object(Random& random, int slot, int shape) {
    for (;;) {
        const Vec3 from = normalize({random.uniform(-1, 1), random.uniform(-1, 1),
                                     random.uniform(-1, 1)}) * 4.0f;
        const Vec3 at = Vec3{random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)};
        const Vec3 ray = normalize(at - from);
        Hit hit;
        if (hit_shape(shape, from, ray, hit)) {
            return {slot, shape, from + ray * hit.t};
        }
    }
}

}  // namespace

void track_points(const std::vector<Frame>& frames, uint64_t seed, int width, int height,
                  int points, const TrackOutputs& out) {
    Random random(seed, 5);
    std::vector<Anchor> anchors;
    const int bodies = frames[0].body_count;
    for (int n = 0; n < points; ++n) {
        if (bodies > 0 && n % 4 != 3) {
            const int slot = (n - n / 4) % bodies;
            size_t t = 0;  // its shape when it is first there
            while (t + 1 < frames.size() && frames[t].bodies[slot].a <= 0) {
                ++t;
            }
            anchors.push_back(on_object(random, slot, frames[t].bodies[slot].shape));
        } else {
            const View& v = frames[0].view;
            const float ahead = random.uniform(1.5f, 9), side = random.uniform(-0.6f, 0.6f) * ahead;
            const Vec3 p = v.position + v.forward * ahead + v.right * side;
            anchors.push_back({-1, 0, {p.x, p.y, 0}});
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
