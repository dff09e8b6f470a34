#pragma once

#include "interactive/actions.h"
#include "interactive/settings.h"
#include "interactive/ui_context.h"
#include "render/renderer.h"

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace longtake::interactive {

struct ScreenOptions {
    std::string device;                  // that draws
    bool device_is_cpu = false;          // a software rasterizer
    bool draws_gpu_frames = false;       // takes those of CUDA's memory without the host
    std::filesystem::path folder = ".";  // for recordings and pictures
    Settings settings;
    std::function<double()> memory_mib = [] { return 0.0; };  // of this process
    std::string sample;           // address of a stream to walk around in; empty: none
    bool steady_figures = false;  // no measured times on the screen, for pictures to compare
};

// The content of a window: what input does, what is drawn. Knows no window. What is on it, a live
// take or a scene of Gaussians, is for those that derive from it.
class Screen {
  public:
    Screen(ScreenOptions options, double now);
    virtual ~Screen() = default;
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    void resize(int width, int height, float scale) { ui_.resize(width, height, scale); }
    void input(InputEvent event) { input_.push_back(std::move(event)); }

    // Takes up input and draws the picture of this moment. The scene lasts until the next call;
    // `frame` and `font` are set where they are new.
    const render::Scene& draw(double now);
    // The last scene with everything in it, for a renderer that has seen nothing yet.
    virtual render::Scene whole_scene() const;
    // The frame and the font of the last scene did not reach the screen.
    virtual void draw_all_again();
    // Whether anything would look different by now.
    bool stale(double now);
    virtual double due() const;  // when it will, if nothing happens

    // Work behind the scenes: on a thread of its own, which calls `wake` when something is new; or
    // without one, on a clock of the caller's on which it costs nothing.
    virtual void start(std::function<void()> wake) = 0;
    virtual void pump() = 0;
    virtual int64_t frames_shown() const = 0;
    virtual void finish() {}  // what is being written

    bool quit() const { return quit_; }
    bool fullscreen() const { return fullscreen_; }
    // A picture of the window that was asked for: where to.
    std::optional<std::filesystem::path> take_screenshot();
    // What shall be opened in its place: the address of a stream, a scene or a model, or "" for a
    // live take.
    std::optional<std::string> take_request();
    void say(std::string notice);
    void hide_figures() { common_.steady_figures = true; }
    virtual Settings settings() const { return common_.settings; }

    // For the panels.
    virtual std::span<const Binding> keys() const = 0;
    virtual void act(Action action);
    UiContext& ui() { return ui_; }
    ScreenOptions& common() { return common_; }
    const ScreenOptions& common() const { return common_; }
    double now() const { return now_; }
    const std::string& notice() const { return notice_; }
    virtual const char* hint() const = 0;  // the last line of the help page

  protected:
    virtual bool advance(double now) = 0;  // true when something below the panels is new
    virtual void build(render::Scene& scene) = 0;
    virtual void drop(const std::string& path) = 0;
    // What happened and no panel took: the pointer where there is none, keys while nobody types.
    virtual void take(const InputEvent&) {}
    // A change that shows without input.
    void touch() { settle_ = std::max(settle_, 2); }
    void request(std::string address) { request_ = std::move(address); }
    bool panels_shown() const { return panels_; }
    bool help_open() const { return help_; }
    bool waiting() const { return settle_ > 0 || !input_.empty(); }

  private:
    void take_up_input();
    void feed_content(const InputEvent& event);

    ScreenOptions common_;
    UiContext ui_;
    std::deque<InputEvent> input_;
    render::Scene scene_;
    double now_;
    int settle_ = 3;        // pictures until the user interface has come to rest
    double next_tick_ = 0;  // when the figures are drawn anew
    bool news_ = false;     // below the panels
    bool panels_ = true, help_ = false, quit_ = false, fullscreen_ = false;
    bool screenshot_ = false;
    std::string notice_;
    double notice_until_ = 0;
    std::optional<std::string> request_;
};

// Makes what a window shows: a live take for "", else what is at an address. Throws InputError,
// before there is a Screen, when it cannot.
using ScreenMaker = std::function<std::unique_ptr<Screen>(const std::string& address,
                                                          ScreenOptions options, double now)>;
// Puts what a screen requests in its place; false where there is none, or it cannot be opened,
// which the screen then says.
bool replace(std::unique_ptr<Screen>& screen, const ScreenMaker& maker, double now);

}  // namespace longtake::interactive
