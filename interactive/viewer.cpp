#include "interactive/viewer.h"

#include "core/error.h"
#include "core/image.h"
#include "interactive/panels/panels.h"
#include "interactive/volume/volume_source.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {
namespace {

bool is_text_file(const std::string& path) {
    return path.ends_with(".txt") || path.ends_with(".prompts");
}

}  // namespace

Viewer::Viewer(ViewerOptions options, const MakerOf& maker, double now)
    : Screen(options.screen, now),
      options_(std::move(options)),
      recorder_(common().folder, options_.live.frame_rate),
      live_(options_.live, now),
      producer_(maker(live_.controls(), recorder_), live_.controls(), live_.queue()) {
    history_.set(common().settings.history);
}

const std::vector<std::string>& Viewer::presets() const {
    return common().settings.presets.empty() ? options_.presets : common().settings.presets;
}

bool Viewer::advance(double now) {
    for (std::string& notice : producer_.take_notices()) {
        say(std::move(notice));
    }
    producer_.check_alive();
    if (const auto state = recorder_.state(); !state.complaint.empty()) {
        say(state.complaint);
        recorder_.forget_complaint();
    }
    frame_is_new_ |= live_.advance(now);
    return frame_is_new_;
}

double Viewer::due() const {
    const double next = Screen::due();
    return live_.pacer().starved() ? next : std::min(next, live_.due());
}

render::Scene Viewer::whole_scene() const {
    render::Scene scene = Screen::whole_scene();
    scene.frame = frame_.empty() ? nullptr : &frame_;
    return scene;
}

void Viewer::draw_all_again() {
    frame_is_new_ = frame_is_new_ || !frame_.empty();
    Screen::draw_all_again();
}

void Viewer::build(render::Scene& scene) {
    const bool shown = panels_shown();
    const Layout layout = lay_out(*this, {.timeline = shown && common().settings.timeline,
                                          .sidebar = shown && common().settings.sidebar,
                                          .transport = shown,
                                          .prompt = shown});
    scene.video = render::letterbox(layout.video, options_.width, options_.height);
    scene.scaling = common().settings.pixels ? render::Scaling::Pixels : render::Scaling::Smooth;
    if (std::exchange(frame_is_new_, false)) {
        frame_ = live_.frame();
        scene.frame = &frame_;
    }
    draw_overlay(*this, layout, scene.video);
    if (shown) {
        draw_prompt_bar(*this, layout.prompt);
        draw_transport(*this, layout.transport);
    }
    if (!layout.timeline.empty()) {
        draw_timeline(*this, layout.timeline);
    }
    if (!layout.sidebar.empty()) {
        draw_sidebar(*this, layout.sidebar);
    }
    if (help_open()) {
        draw_help(*this);
    }
}

const char* Viewer::hint() const {
    return "Drop a picture to begin with it, a .txt of prompts to follow it, or a stream to walk "
           "around in.";
}

void Viewer::act(Action action) {
    const auto preset = static_cast<size_t>(action) - static_cast<size_t>(Action::Preset1);
    switch (action) {
        case Action::PlayPause: live_.pause(!live_.pacer().paused()); break;
        case Action::StepFrame:
            live_.pause(true);
            live_.step_frame();
            break;
        case Action::Restart: live_.restart(now()); break;
        case Action::NewTake: live_.restart(live_.seed() + 1, now()); break;
        case Action::Record: recorder_.state().on ? recorder_.stop() : recorder_.start(); break;
        case Action::FocusPrompt: edit_.focus_prompt = true; break;
        case Action::SendPrompt: send(edit_.prompt, false); break;
        case Action::CutToPrompt: send(edit_.prompt, true); break;
        case Action::AddToTimeline: plan(edit_.prompt); break;
        case Action::ToggleTimeline:
            common().settings.timeline = !common().settings.timeline;
            break;
        case Action::ToggleScaling: common().settings.pixels = !common().settings.pixels; break;
        case Action::ForgetImage:
            if (live_.has_image()) {
                live_.set_image({}, now());
            }
            break;
        case Action::OpenSample:
            if (common().sample.empty()) {
                say("the bundled stream is not here");
            } else {
                request(common().sample);
            }
            break;
        default:
            if (preset < 9 && preset < presets().size()) {
                send(presets()[preset], false);
            }
    }
    Screen::act(action);
}

void Viewer::send(const std::string& text, bool cut) {
    if (text.find_first_not_of(" \t") == std::string::npos) {
        return;
    }
    history_.add(text);
    live_.send_prompt(text, cut, now());
}

void Viewer::plan(const std::string& text) {
    if (text.find_first_not_of(" \t") == std::string::npos) {
        return;
    }
    constexpr double kLater = 5;  // seconds
    const auto planned = live_.plan().planned();
    const double last = planned.empty() ? live_.made_until() : planned.back().seconds;
    history_.add(text);
    edit_.chosen = live_.add_planned({last + kLater, text, false}, now());
}

void Viewer::drop(const std::string& path) {
    try {
        if (VolumeSource::suits(path)) {
            request(path);
        } else if (is_text_file(path)) {
            const auto timeline = generator::PromptTimeline::read(path);
            live_.set_planned({timeline.changes().begin(), timeline.changes().end()}, now());
            live_.restart(now());
        } else {
            live_.set_image(read_image(path), now());
        }
    } catch (const InputError& e) {
        say(e.what());
    }
}

Settings Viewer::settings() const {
    Settings settings = common().settings;
    settings.history = history_.prompts();
    return settings;
}

}  // namespace longtake::interactive
