#pragma once

#include "interactive/actions.h"
#include "interactive/live_controller.h"
#include "interactive/producer.h"
#include "interactive/prompt_history.h"
#include "interactive/recorder.h"
#include "interactive/settings.h"
#include "interactive/ui_context.h"
#include "render/renderer.h"

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace longtake::interactive {

struct ViewerOptions {
    LiveSetup live;
    int64_t width = 0, height = 0;       // of the video
    std::string model;                   // as it is called on the screen
    std::string device;                  // that draws
    std::filesystem::path folder = ".";  // for recordings and pictures
    Settings settings;
    std::vector<std::string> presets;    // where the settings have none
    std::function<double()> memory_mib;  // of this process
    bool steady_figures = false;         // no measured times on the screen, for pictures to compare
};

// The window's content: what input does, what is drawn. Knows no window.
class Viewer {
  public:
    using MakerOf = std::function<std::unique_ptr<ChunkMaker>(generator::ControlQueue&, Recorder&)>;
    Viewer(ViewerOptions options, const MakerOf& maker, double now);

    void resize(int width, int height, float scale) { ui_.resize(width, height, scale); }
    void input(InputEvent event) { input_.push_back(std::move(event)); }

    // Takes up input and draws the picture of this moment. The scene lasts until the next call;
    // `frame` and `font` are set where they are new.
    const render::Scene& draw(double now);
    // The last scene with everything in it, for a renderer that has seen nothing yet.
    render::Scene whole_scene() const;
    // The frame and the font of the last scene did not reach the screen.
    void draw_all_again();
    // Whether anything would look different by now.
    bool stale(double now);
    double due() const;  // when it will, if nothing happens

    bool quit() const { return quit_; }
    bool fullscreen() const { return fullscreen_; }
    // A picture of the window that was asked for: where to.
    std::optional<std::filesystem::path> take_screenshot();
    void say(std::string notice);
    void hide_figures() { options_.steady_figures = true; }
    Settings settings() const;
    Producer& producer() { return producer_; }

    // For the panels.
    struct Edit {
        std::string prompt;            // being written
        bool focus_prompt = false;     // asked for
        std::optional<size_t> chosen;  // planned change
        std::string chosen_text;
        double drag_from = 0;  // seconds of the change when the drag began
        std::string cache_name;
        std::vector<int> cache_values;
    };
    void act(Action action);
    void send(const std::string& text, bool cut);
    void plan(const std::string& text);
    LiveController& live() { return live_; }
    Recorder& recorder() { return recorder_; }
    PromptHistory& history() { return history_; }
    UiContext& ui() { return ui_; }
    Edit& edit() { return edit_; }
    const ViewerOptions& options() const { return options_; }
    const std::vector<std::string>& presets() const;
    double now() const { return now_; }
    bool help_open() const { return help_; }
    const std::string& notice() const { return notice_; }

  private:
    void take_up_input();
    void drop(const std::string& path);
    void build();

    ViewerOptions options_;
    Recorder recorder_;
    LiveController live_;
    Producer producer_;
    UiContext ui_;
    PromptHistory history_;
    Edit edit_;
    std::deque<InputEvent> input_;
    render::Scene scene_;
    Tensor frame_;
    double now_;
    int settle_ = 3;        // pictures until the user interface has come to rest
    double next_tick_ = 0;  // when the figures are drawn anew
    bool frame_is_new_ = false;
    bool panels_ = true, help_ = false, quit_ = false, fullscreen_ = false;
    bool screenshot_ = false;
    std::string notice_;
    double notice_until_ = 0;
};

}  // namespace longtake::interactive
