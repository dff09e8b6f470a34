#include "interactive/viewer.h"

#include "core/error.h"
#include "core/image.h"
#include "interactive/free_name.h"
#include "interactive/panels/panels.h"
#include "interactive/theme.h"

#include <algorithm>
#include <set>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kNotice = 6;     // seconds that a notice stays
constexpr double kFigures = 0.5;  // seconds from one look at the figures to the next

bool is_text_file(const std::string& path) {
    return path.ends_with(".txt") || path.ends_with(".prompts");
}

}  // namespace

Viewer::Viewer(ViewerOptions options, const MakerOf& maker, double now)
    : options_(std::move(options)),
      recorder_(options_.folder, options_.live.frame_rate),
      live_(options_.live, now),
      producer_(maker(live_.controls(), recorder_), live_.controls(), live_.queue()),
      now_(now) {
    history_.set(options_.settings.history);
    scene_.background = theme::kBackground;
}

const std::vector<std::string>& Viewer::presets() const {
    return options_.settings.presets.empty() ? options_.presets : options_.settings.presets;
}

void Viewer::say(std::string notice) {
    notice_ = std::move(notice);
    notice_until_ = now_ + kNotice;
    settle_ = 2;
}

bool Viewer::stale(double now) {
    for (std::string& notice : producer_.take_notices()) {
        say(std::move(notice));
    }
    producer_.check_alive();
    frame_is_new_ |= live_.advance(now);
    return frame_is_new_ || settle_ > 0 || !input_.empty() || now >= next_tick_ ||
           (!notice_.empty() && now >= notice_until_);
}

double Viewer::due() const {
    const double next = std::min(next_tick_, notice_.empty() ? next_tick_ : notice_until_);
    return live_.pacer().starved() ? next : std::min(next, live_.due());
}

const render::Scene& Viewer::draw(double now) {
    now_ = now;
    stale(now);
    settle_ = input_.empty() ? std::max(0, settle_ - 1) : 2;
    if (now >= notice_until_) {
        notice_.clear();
    }
    if (const auto state = recorder_.state(); !state.complaint.empty()) {
        say(state.complaint);
        recorder_.forget_complaint();
    }
    next_tick_ = now + kFigures;
    take_up_input();
    ui_.begin(now);
    build();
    scene_.ui = ui_.end();
    scene_.scaling = options_.settings.pixels ? render::Scaling::Pixels : render::Scaling::Smooth;
    scene_.font = ui_.new_font();
    scene_.frame = nullptr;
    if (std::exchange(frame_is_new_, false)) {
        frame_ = live_.frame();
        scene_.frame = &frame_;
    }
    return scene_;
}

render::Scene Viewer::whole_scene() const {
    render::Scene scene = scene_;
    scene.frame = frame_.empty() ? nullptr : &frame_;
    scene.font = &ui_.font();
    return scene;
}

void Viewer::draw_all_again() {
    frame_is_new_ = frame_is_new_ || !frame_.empty();
    ui_.renew_font();
    settle_ = std::max(settle_, 1);
}

void Viewer::build() {
    const Layout layout = lay_out(*this, panels_ && options_.settings.timeline,
                                  panels_ && options_.settings.sidebar, panels_);
    scene_.video = render::letterbox(layout.video, options_.width, options_.height);
    draw_overlay(*this, layout, scene_.video);
    if (panels_) {
        draw_prompt_bar(*this, layout.prompt);
        draw_transport(*this, layout.transport);
    }
    if (!layout.timeline.empty()) {
        draw_timeline(*this, layout.timeline);
    }
    if (!layout.sidebar.empty()) {
        draw_sidebar(*this, layout.sidebar);
    }
    if (help_) {
        draw_help(*this);
    }
}

// One change of a key or a button at a time, and nothing past a key that acts: the user interface
// looks at what holds at the moment, not at what happened.
void Viewer::take_up_input() {
    std::set<int> changed;
    bool acted = false;
    while (!input_.empty() && !acted) {
        const InputEvent& event = input_.front();
        const auto* key = std::get_if<KeyChanged>(&event);
        const auto* button = std::get_if<ButtonChanged>(&event);
        if ((key != nullptr && !changed.insert(static_cast<int>(key->key)).second) ||
            (button != nullptr && !changed.insert(-1 - button->button).second)) {
            break;
        }
        ui_.feed(event);
        if (key != nullptr && key->down) {
            if (const auto action = action_of(*key, ui_.typing())) {
                act(*action);
                acted = true;
            }
        } else if (const auto* dropped = std::get_if<FilesDropped>(&event)) {
            for (const std::string& path : dropped->paths) {
                drop(path);
            }
        }
        input_.pop_front();
    }
}

void Viewer::act(Action action) {
    const auto preset = static_cast<size_t>(action) - static_cast<size_t>(Action::Preset1);
    switch (action) {
        case Action::PlayPause: live_.pause(!live_.pacer().paused()); break;
        case Action::StepFrame:
            live_.pause(true);
            live_.step_frame();
            break;
        case Action::Restart: live_.restart(now_); break;
        case Action::NewTake: live_.restart(live_.seed() + 1, now_); break;
        case Action::Record: recorder_.state().on ? recorder_.stop() : recorder_.start(); break;
        case Action::Screenshot: screenshot_ = true; break;
        case Action::FocusPrompt: edit_.focus_prompt = true; break;
        case Action::SendPrompt: send(edit_.prompt, false); break;
        case Action::CutToPrompt: send(edit_.prompt, true); break;
        case Action::AddToTimeline: plan(edit_.prompt); break;
        case Action::TogglePanels: panels_ = !panels_; break;
        case Action::ToggleTimeline:
            options_.settings.timeline = !options_.settings.timeline;
            break;
        case Action::ToggleSidebar: options_.settings.sidebar = !options_.settings.sidebar; break;
        case Action::ToggleScaling: options_.settings.pixels = !options_.settings.pixels; break;
        case Action::Fullscreen: fullscreen_ = !fullscreen_; break;
        case Action::ForgetImage:
            if (live_.has_image()) {
                live_.set_image({}, now_);
            }
            break;
        case Action::Help: help_ = !help_; break;
        case Action::Leave: help_ = false; break;
        case Action::Quit: quit_ = true; break;
        default:
            if (preset < presets().size()) {
                send(presets()[preset], false);
            }
    }
    settle_ = 2;
}

void Viewer::send(const std::string& text, bool cut) {
    if (text.find_first_not_of(" \t") == std::string::npos) {
        return;
    }
    history_.add(text);
    live_.send_prompt(text, cut, now_);
}

void Viewer::plan(const std::string& text) {
    if (text.find_first_not_of(" \t") == std::string::npos) {
        return;
    }
    constexpr double kLater = 5;  // seconds
    const auto planned = live_.plan().planned();
    const double last = planned.empty() ? live_.made_until() : planned.back().seconds;
    history_.add(text);
    edit_.chosen = live_.add_planned({last + kLater, text, false}, now_);
}

void Viewer::drop(const std::string& path) {
    try {
        if (is_text_file(path)) {
            const auto timeline = generator::PromptTimeline::read(path);
            live_.set_planned({timeline.changes().begin(), timeline.changes().end()}, now_);
            live_.restart(now_);
        } else {
            live_.set_image(read_image(path), now_);
        }
    } catch (const InputError& e) {
        say(e.what());
    }
}

std::optional<std::filesystem::path> Viewer::take_screenshot() {
    if (!std::exchange(screenshot_, false)) {
        return std::nullopt;
    }
    const auto path = options_.folder / (free_name(options_.folder) + ".png");
    say(fmt::format("saved {}", path.filename().string()));
    return path;
}

Settings Viewer::settings() const {
    Settings settings = options_.settings;
    settings.history = history_.prompts();
    return settings;
}

}  // namespace longtake::interactive
