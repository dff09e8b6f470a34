#pragma once

#include "interactive/screen.h"
#include "interactive/volume/camera_rig.h"
#include "interactive/volume/host_painter.h"
#include "interactive/volume/path_editor.h"
#include "interactive/volume/playback.h"
#include "interactive/volume/volume_loader.h"

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace longtake::interactive {

struct Layout;

std::span<const Binding> volume_keys();

// The screen of a scene of Gaussians: played, and walked around in.
class VolumeScreen : public Screen {
  public:
    VolumeScreen(ScreenOptions options, std::unique_ptr<VolumeSource> source, double now);

    double due() const override;
    void start(std::function<void()> wake) override { loader_.start(std::move(wake)); }
    void pump() override { loader_.pump(); }
    int64_t frames_shown() const override { return playback_.frames_shown(); }
    Settings settings() const override;
    std::span<const Binding> keys() const override { return volume_keys(); }
    void act(Action action) override;
    const char* hint() const override;

    // For the panels.
    Playback& playback() { return playback_; }
    const VolumeLook& look() const { return common().settings.look; }
    CameraRig& rig() { return rig_; }
    PathEditor& path() { return path_; }
    const VolumeInfo& info() const { return info_; }
    const VolumeFrame* frame() const { return frame_.get(); }
    bool flies() const { return flies_; }
    double frames_per_second(double now) const;  // shown lately
    void stand_at(const gaussians::PathKey& key);

  protected:
    bool advance(double now) override;
    void build(render::Scene& scene) override;
    void drop(const std::string& path) override { request(path); }
    void take(const InputEvent& event) override;

  private:
    void reset_view();
    void next_camera();
    void save_path();
    bool fly(double now);
    bool ride(double now);
    void drag(float x, float y);
    void draw_panels(const Layout& layout);
    render::SplatLook splat_look() const;
    void make_guides();

    VolumeInfo info_;
    VolumeLoader loader_;
    Playback playback_;
    VolumeLoader::Frame frame_;
    gaussians::Extent extent_;
    CameraRig rig_;
    PathEditor path_;
    render::SplatView view_;
    std::unique_ptr<HostPainter> painter_;  // where the device is a CPU itself
    std::vector<render::Line> lines_;
    std::vector<double> shown_at_;  // lately
    size_t camera_ = 0;             // that the view stands at next
    bool placed_ = false, flies_ = false;
    double flown_ = 0;    // when keys moved the camera last
    std::set<Key> held_;  // keys
    std::set<int> buttons_;
    bool shift_ = false;
    float x_ = 0, y_ = 0;
};

}  // namespace longtake::interactive
