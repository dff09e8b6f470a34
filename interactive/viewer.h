#pragma once

#include "generator/tracks/track_file.h"
#include "interactive/broadcast.h"
#include "interactive/camera_pad.h"
#include "interactive/live_controller.h"
#include "interactive/motion_editor.h"
#include "interactive/picture_map.h"
#include "interactive/producer.h"
#include "interactive/prompt_history.h"
#include "interactive/recorder.h"
#include "interactive/screen.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace longtake::interactive {

// The address of the model that comes with the program.
constexpr const char* kBundledModel = "bundled";

struct ViewerOptions {
    ScreenOptions screen;
    LiveSetup live;
    int64_t width = 0, height = 0;     // of the video
    std::string model;                 // as it is called on the screen
    std::vector<std::string> presets;  // where the settings have none
};

// The screen of a live take.
class Viewer : public Screen {
  public:
    using MakerOf = std::function<std::unique_ptr<ChunkMaker>(generator::ControlQueue&, Recorder&)>;
    Viewer(ViewerOptions options, const MakerOf& maker, double now);

    render::Scene whole_scene() const override;
    void draw_all_again() override;
    double due() const override;
    void start(std::function<void()> wake) override { producer_.start(std::move(wake)); }
    void pump() override { producer_.pump(); }
    int64_t frames_shown() const override { return live_.pacer().frame() + 1; }
    void finish() override { recorder_.stop(); }
    Settings settings() const override;
    std::span<const Binding> keys() const override { return live_keys(); }
    void act(Action action) override;
    const char* hint() const override;

    // For the panels.
    struct Edit {
        std::string prompt;            // being written
        bool focus_prompt = false;     // asked for
        bool ask_address = false;      // of the live output, next
        std::optional<size_t> chosen;  // planned change
        std::string chosen_text;
        double drag_from = 0;  // seconds of the change when the drag began
        std::string cache_name;
        std::vector<int> cache_values;
    };
    void send(const std::string& text, bool cut);
    void plan(const std::string& text);
    void open(const std::string& address) { request(address); }
    LiveController& live() { return live_; }
    Recorder& recorder() { return recorder_; }
    Broadcast& broadcast() { return broadcast_; }
    PromptHistory& history() { return history_; }
    MotionEditor& motion() { return motion_; }
    CameraPad& camera() { return camera_; }
    bool camera_open() const { return camera_open_; }
    generator::GlobalMove& layer() { return layer_; }
    bool layer_open() const { return layer_open_; }
    PictureMap picture_map() const { return {picture_, options_.width, options_.height}; }
    Edit& edit() { return edit_; }
    const ViewerOptions& options() const { return options_; }
    const std::vector<std::string>& presets() const;

  protected:
    bool advance(double now) override;
    void build(render::Scene& scene) override;
    void drop(const std::string& path) override;
    void take(const InputEvent& event) override;

  private:
    void steer();
    void go_live();
    void save_tracks();
    void save_prompts();
    generator::TrackFrame track_frame() const;

    ViewerOptions options_;
    Recorder recorder_;
    Broadcast broadcast_;
    LiveController live_;
    Producer producer_;
    PromptHistory history_;
    MotionEditor motion_;
    CameraPad camera_;
    struct Released {
        int64_t handle, revision;
    };
    std::vector<Released> released_;  // drags whose end is on its way
    render::Rect picture_;            // of the video on the screen
    Place pointer_{};
    Edit edit_;
    render::VideoFrame frame_;
    bool frame_is_new_ = false;
    bool camera_open_ = false;
    generator::GlobalMove layer_;
    bool layer_open_ = false;
};

}  // namespace longtake::interactive
