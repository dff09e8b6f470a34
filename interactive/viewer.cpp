#include "interactive/viewer.h"

#include "core/error.h"
#include "core/image.h"
#include "interactive/free_name.h"
#include "interactive/panels/panels.h"
#include "interactive/volume/volume_source.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace longtake::interactive {
namespace {

bool is_video_file(const std::string& path) {
    constexpr std::array<std::string_view, 6> kTypes{".mp4",  ".mkv", ".mov",
                                                     ".webm", ".avi", ".ts"};
    return std::ranges::count(kTypes, std::filesystem::path(path).extension().string()) > 0;
}

bool is_text_file(const std::string& path) {
    return path.ends_with(".txt") || path.ends_with(".prompts");
}

bool is_model(const std::string& path) {
    return std::filesystem::is_directory(path) || path.ends_with(".safetensors") ||
           path.ends_with(".pt");
}

}  // namespace

Viewer::Viewer(ViewerOptions options, const MakerOf& maker, double now)
    : Screen(options.screen, now),
      options_(std::move(options)),
      recorder_(common().folder, options_.live.frame_rate),
      live_(options_.live, now),
      producer_(maker(live_.controls(), recorder_), live_.controls(), live_.queue(),
                [this](const MadeChunk& chunk) { broadcast_.tap(chunk.frames); }),
      motion_(options_.width, options_.height, options_.live.frame_rate) {
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
    steer();
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
    picture_ = scene.video;
    draw_motion_overlay(*this);
    draw_overlay(*this, layout, scene.video);
    if (shown) {
        draw_motion(*this, layout.video);
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
    return "Drop a picture to begin with it, a .txt of prompts, a file of tracks or a video to "
           "follow it, or a stream to walk around in.";
}

void Viewer::take(const InputEvent& event) {
    const PictureMap map = picture_map();
    if (const auto* moved = std::get_if<PointerMoved>(&event)) {
        pointer_ = {moved->x, moved->y};
    }
    const Place at = map.place.width > 0 ? map.to_take(pointer_) : Place{};
    if (std::holds_alternative<PointerMoved>(event)) {
        motion_.move(at.x, at.y, now());
    } else if (const auto* button = std::get_if<ButtonChanged>(&event);
               button != nullptr && button->button == 0) {
        if (!button->down) {
            motion_.release(now());
        } else if (map.contains(pointer_)) {
            motion_.press(at.x, at.y, now());
        }
    } else if (const auto* key = std::get_if<KeyChanged>(&event)) {
        camera_.key(*key);
    }
}

// What hands and the camera ask now, to the take.
void Viewer::steer() {
    live_.move_camera(camera_.move(), now());
    live_.move_all(layer_, now());
    if (motion_.changed()) {
        live_.hold(motion_.take_handles(), now());
        for (const generator::Handle& handle : motion_.handles()) {
            const bool known =
                std::ranges::find(released_, handle.id, &Released::handle) != released_.end();
            if (handle.released && !known) {
                released_.push_back({handle.id, live_.asked()});
            }
        }
    }
    std::erase_if(released_, [this](const Released& released) {
        const bool over = live_.acknowledged() >= released.revision;
        if (over) {
            motion_.ended(released.handle);
        }
        return over;
    });
}

void Viewer::go_live() {
    const std::string& address = common().settings.live;
    if (broadcast_.state().line != Broadcast::Line::Off) {
        broadcast_.stop();
    } else if (is_live_address(address)) {
        broadcast_.start(connect_to(address, live_.frame_rate()));
    } else {
        edit_.ask_address = true;
    }
}

void Viewer::save_tracks() {
    const auto& chunks = live_.motion();
    if (chunks.empty()) {
        say("nothing was painted in this take yet: there are no tracks to save");
        return;
    }
    std::vector<generator::Tracks> stretches;
    int64_t next = chunks.front().frame;
    for (const generator::TrackedChunk& chunk : chunks) {
        stretches.emplace_back(chunk.frame - next, std::vector<int32_t>());
        stretches.push_back(chunk.tracks);
        next = chunk.frame + chunk.tracks.frames();
    }
    const auto path = common().folder / (free_name(common().folder) + ".tracks.npz");
    try {
        generator::write_tracks(path, generator::joined(stretches), track_frame());
        say(fmt::format("saved {}", path.filename().string()));
    } catch (const Error& e) {
        say(e.what());
    }
}

// What was shown and what is planned.
void Viewer::save_prompts() {
    const auto past = live_.plan().past(), planned = live_.plan().planned();
    std::vector<generator::PromptChange> all(past.begin(), past.end());
    all.insert(all.end(), planned.begin(), planned.end());
    const auto path = common().folder / (free_name(common().folder) + ".txt");
    try {
        generator::PromptTimeline::write(path, all);
        say(fmt::format("saved {}; drop it on the window, or `generate --script` follows it",
                        path.filename().string()));
    } catch (const Error& e) {
        say(e.what());
    }
}

generator::TrackFrame Viewer::track_frame() const {
    return {options_.width, options_.height, live_.frame_rate()};
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
        case Action::GoLive: go_live(); break;
        case Action::DragPoints: motion_.take(MotionTool::Drag, now()); break;
        case Action::PinPoints: motion_.take(MotionTool::Pin, now()); break;
        case Action::DrawPath: motion_.take(MotionTool::Path, now()); break;
        case Action::ShowCamera: camera_open_ = !camera_open_; break;
        case Action::ShowLayer: layer_open_ = !layer_open_; break;
        case Action::UndoMotion: motion_.undo(); break;
        case Action::ClearMotion: motion_.clear(); break;
        case Action::SaveTracks: save_tracks(); break;
        case Action::SavePrompts: save_prompts(); break;
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
        if (VolumeSource::suits(path) || is_model(path)) {
            request(path);
        } else if (generator::is_track_file(path)) {
            live_.play_tracks(generator::read_tracks(path, track_frame()), now());
            say(fmt::format("plays {}", std::filesystem::path(path).filename().string()));
        } else if (is_video_file(path)) {
            live_.follow_video(path, now());
            say(fmt::format("follows {}", std::filesystem::path(path).filename().string()));
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
