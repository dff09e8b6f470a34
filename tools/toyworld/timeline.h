#pragma once

#include "tools/toyworld/simulate.h"

// Plays a script: the state of the world at every frame, and the Frame that a pixel is made from.
namespace longtake::toyworld {

inline constexpr float kBlendColour = 0.5f, kBlendScene = 1.0f;     // seconds
inline constexpr float kGrow = 0.7f, kShrink = 0.6f, kMorph = 0.7f;  // seconds

class Timeline {
  public:
    LTW_HD Timeline(const ltw_script& script, uint64_t seed, float fps)
        : script_(script), detail_(detail_of(script, seed)), dt_(1 / fps) {
        world_ = first_world(script, detail_, seed);
    }

    // The state at the current frame; azimuth_offset moves the camera around the stage.
    LTW_HD Frame frame(float azimuth_offset) const {
        Frame f;
        const ltw_segment &a = script_.segments[0], &b = script_.segments[now()];
        const float t = since_switch();
        f.view = view_of(world_.camera, azimuth_offset);
        const float blend = smooth_step(t / kBlendScene);
        f.light = a.sky == b.sky ? light_of(b.sky) : mix(light_of(a.sky), light_of(b.sky), blend);
        f.floor = a.ground == b.ground ? floor_of(b.ground)
                                       : mix(floor_of(a.ground), floor_of(b.ground), blend);
        f.body_count = most_objects(script_);
        for (int i = 0; i < f.body_count; ++i) {
            f.bodies[i] = body(i);
        }
        return f;
    }

    LTW_HD void step() {
        ++frame_;
        if (script_.segment_count == 2 && frame_ == script_.switch_frame) {
            begin_second();
        }
        const ltw_segment& s = script_.segments[now()];
        const ObjectState& followed = world_.objects[detail_.followed[now()]];
        step_camera(world_.camera, detail_, s.camera, followed, dt_);
        for (int i = 0; i < most_objects(script_); ++i) {
            const ltw_segment& first = script_.segments[0];
            const ltw_segment& source = i < s.object_count ? s : first;
            const bool morphs = i < s.object_count && i < first.object_count &&
                                first.objects[i].shape != s.objects[i].shape;
            const bool second = morphs && since_switch() >= 0.5f * kMorph;
            const int shape = (morphs && !second ? first : source).objects[i].shape;
            ObjectState& o = world_.objects[i];
            step_object(o, script_, source, detail_, i, shape, world_.camera, dt_);
            if (second && !reshaped_[i]) {
                o.rotation = posture(shape, s.objects[i].motion, o);
                reshaped_[i] = true;
            }
        }
    }

    LTW_HD const CameraState& camera() const { return world_.camera; }

  private:
    LTW_HD int now() const {
        return script_.segment_count == 2 && frame_ >= script_.switch_frame ? 1 : 0;
    }
    LTW_HD float since_switch() const {
        return now() == 0 ? 0 : static_cast<float>(frame_ - script_.switch_frame) * dt_;
    }

    LTW_HD void begin_second() {
        const ltw_segment &a = script_.segments[0], &b = script_.segments[1];
        for (int i = 0; i < b.object_count; ++i) {
            ObjectState& o = world_.objects[i];
            const bool fresh = i >= a.object_count;
            if (fresh) {
                const float c = cosf(world_.camera.azimuth.value);
                const float s = sinf(world_.camera.azimuth.value);
                const Home home = home_of(script_, i);
                o.x = world_.camera.x.value + home.x * c - home.y * s;
                o.y = world_.camera.y.value + home.x * s + home.y * c;
            }
            if (fresh || a.objects[i].motion != b.objects[i].motion) {
                begin_motion(o, script_, b.objects[i], detail_, i, world_.camera);
            }
            if (fresh) {
                o.rotation = posture(b.objects[i].shape, b.objects[i].motion, o);
                o.hop = b.objects[i].motion == kFloats ? 0 : 0.8f;  // it drops in
            }
        }
    }

    LTW_HD Body body(int slot) const {
        const ltw_segment &a = script_.segments[0], &b = script_.segments[now()];
        const bool was = slot < a.object_count, is = slot < b.object_count;
        Body body;
        if (!was && !is) {
            return body;
        }
        const ltw_object& to = is ? b.objects[slot] : a.objects[slot];
        const ltw_object& from = was ? a.objects[slot] : to;
        const ObjectState& o = world_.objects[slot];
        const float t = since_switch(), clip_time = static_cast<float>(frame_) * dt_;
        float scale = was ? 1 : smooth_step(t / kGrow);
        if (was && (!is || (now() == 1 && to.motion == kLeaves && from.motion != kLeaves))) {
            scale = 1 - smooth_step(t / kShrink);
        } else if (from.motion == kLeaves) {
            scale = 1 - smooth_step((clip_time - 1) / kShrink);
        } else if (from.motion == kAppears && was) {
            scale = smooth_step((clip_time - 0.5f) / kGrow);
        }
        const bool morphs = from.shape != to.shape;
        const bool second = !morphs || t >= 0.5f * kMorph;
        if (morphs) {
            scale *= smooth_step(fabsf(2 * t / kMorph - 1));
        }
        body.shape = second ? to.shape : from.shape;
        const float size = mix(size_of(from), size_of(to), smooth_step(t / kMorph));
        body.a = scale < 0.02f ? 0 : 0.5f * size * scale;
        body.bound = body.a * bound_of(body.shape) * 1.001f;
        body.rotation = o.rotation;
        const Vec3 up{o.rotation.x.z, o.rotation.y.z, o.rotation.z.z};
        const float bob = o.hover.value * (1 + 0.18f * sinf(2.4f * clip_time));
        body.position = {o.x, o.y, body.a * support(body.shape, up) + o.hop + bob};
        const float blend = smooth_step(t / kBlendColour);
        body.colour = mix(colour_of(from.colour), colour_of(to.colour), blend);
        body.shade = mix(shade_of(from.colour), shade_of(to.colour), blend);
        return body;
    }

    ltw_script script_;
    Detail detail_;
    World world_;
    float dt_;
    int frame_ = 0;
    bool reshaped_[kMaxObjects] = {};
};

}  // namespace longtake::toyworld
