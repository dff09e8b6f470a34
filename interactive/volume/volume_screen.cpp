#include "interactive/volume/volume_screen.h"

#include "core/error.h"
#include "interactive/free_name.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/volume/gizmos.h"
#include "interactive/volume/subject.h"
#include "interactive/volume/volume_panels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kTurn = 3.0;         // radians that a drag across the window's height turns
constexpr double kNotch = 0.88;       // of the distance that a notch of the wheel leaves
constexpr double kFlight = 0.6;       // of the distance to the target, a second
constexpr double kFaster = 4;         // with Shift
constexpr double kDepthRange = 4;     // times the distance to the target, either way
constexpr double kLongestBeat = 0.1;  // seconds of flight between two pictures

render::Colour colour(uint32_t packed) {
    const auto part = [&](uint32_t shift) {
        return static_cast<float>(packed >> shift & 0xFF) / 255;
    };
    return {part(0), part(8), part(16)};
}

}  // namespace

VolumeScreen::VolumeScreen(ScreenOptions options, std::unique_ptr<VolumeSource> source, double now)
    : Screen(std::move(options), now),
      info_(source->info()),
      loader_(std::move(source)),
      playback_(info_.frames, info_.frame_rate),
      rig_(info_.cameras.empty() ? Vec3{0, -1, 0} : gaussians::up_of(info_.cameras)) {
    if (common().device_is_cpu) {
        painter_ = std::make_unique<HostPainter>();
    }
    playback_.set_speed(common().settings.speed);
    playback_.set_loop(common().settings.loop);
    advance(now);
}

Settings VolumeScreen::settings() const {
    Settings settings = common().settings;
    settings.speed = playback_.speed();
    settings.loop = playback_.loops();
    return settings;
}

bool VolumeScreen::advance(double now) {
    loader_.check_alive();
    for (std::string& complaint : loader_.take_complaints()) {
        playback_.play(false);
        say(std::move(complaint));
    }
    std::vector<int64_t> wanted;
    for (int64_t i = 0; i <= VolumeLoader::kAhead; ++i) {
        if (std::ranges::find(wanted, playback_.after_wanted(i)) == wanted.end()) {
            wanted.push_back(playback_.after_wanted(i));
        }
    }
    loader_.want(std::move(wanted));
    bool news =
        playback_.advance(now, [&](int64_t frame) { return loader_.get(frame) != nullptr; });
    if (news) {
        frame_ = loader_.get(playback_.shown());
        shown_at_.push_back(now);
        std::erase_if(shown_at_, [&](double at) { return at < now - 2; });
        if (!placed_ && frame_->splats.count() > 0) {
            placed_ = true;
            extent_ = gaussians::extent_of(cloud_of(frame_->splats));
            if (const auto seen = seen_by(info_.cameras)) {
                extent_ = *seen;
            }
            reset_view();
        }
    }
    news |= fly(now);
    return ride(now) || news;
}

double VolumeScreen::due() const {
    const bool moves = !held_.empty() || path_.riding();
    return moves ? now() : std::min(Screen::due(), playback_.due());
}

double VolumeScreen::frames_per_second(double now) const {
    if (shown_at_.size() < 2) {
        return 0;
    }
    return static_cast<double>(shown_at_.size() - 1) /
           std::max(1e-3, std::max(now, shown_at_.back()) - shown_at_.front());
}

// Keys that are held move the camera.
bool VolumeScreen::fly(double now) {
    const double seconds = std::clamp(now - std::exchange(flown_, now), 0.0, kLongestBeat);
    if (held_.empty() || seconds == 0) {
        return false;
    }
    const double step = kFlight * seconds * rig_.distance() * (shift_ ? kFaster : 1);
    const auto along = [&](Key more, Key less) {
        return step * ((held_.contains(more) ? 1 : 0) - (held_.contains(less) ? 1 : 0));
    };
    rig_.move(along(Key::D, Key::A), along(Key::E, Key::Q), along(Key::W, Key::S));
    return true;
}

bool VolumeScreen::ride(double now) {
    if (!path_.riding()) {
        return false;
    }
    const double time = path_.ridden(now);
    rig_.stand(path_.at(time));
    if (time >= path_.seconds()) {
        path_.stop();
        touch();
    }
    return true;
}

void VolumeScreen::stand_at(const gaussians::PathKey& key) {
    path_.stop();
    rig_.stand(key);
}

void VolumeScreen::reset_view() {
    camera_ = 0;
    if (info_.cameras.empty()) {
        rig_.show(extent_, 16.0 / 9);
    } else {
        next_camera();
    }
}

void VolumeScreen::next_camera() {
    if (info_.cameras.empty()) {
        say("no camera of a capture is known here");
        return;
    }
    rig_.stand(info_.cameras[camera_], extent_.centre);
    camera_ = (camera_ + 1) % info_.cameras.size();
}

void VolumeScreen::save_path() {
    if (path_.empty()) {
        say("there is no path yet: K puts a view at its end");
        return;
    }
    const auto file = common().folder / (free_name(common().folder) + ".path.json");
    try {
        path_.write(file, rig_.up(), info_.near);
        say(fmt::format("saved {}; `longtake render --path` follows it", file.filename().string()));
    } catch (const Error& e) {
        say(e.what());
    }
}

void VolumeScreen::act(Action action) {
    const auto second = static_cast<int64_t>(std::lround(playback_.rate()));
    VolumeLook& look = common().settings.look;
    switch (action) {
        case Action::PlayPause: playback_.play(!playback_.playing()); break;
        case Action::StepFrame: playback_.step(1); break;
        case Action::StepBack: playback_.step(-1); break;
        case Action::SeekForward: playback_.seek(playback_.wanted() + second); break;
        case Action::SeekBack: playback_.seek(playback_.wanted() - second); break;
        case Action::Restart: playback_.seek(0); break;
        case Action::Faster: playback_.set_speed(2 * playback_.speed()); break;
        case Action::Slower: playback_.set_speed(playback_.speed() / 2); break;
        case Action::Loop: playback_.set_loop(!playback_.loops()); break;
        case Action::Harmonics: look.sh_degree = look.sh_degree > 0 ? 0 : 3; break;
        case Action::OnlyChanged: look.only_changed = !look.only_changed; break;
        case Action::Gates:
            look.gates = !look.gates;
            look.depth = false;
            break;
        case Action::Depth:
            look.depth = !look.depth;
            look.gates = false;
            break;
        case Action::Cameras: look.cameras = !look.cameras; break;
        case Action::Guides: look.guides = !look.guides; break;
        case Action::Fly: flies_ = !flies_; break;
        case Action::ResetView: reset_view(); break;
        case Action::NextCamera: next_camera(); break;
        case Action::AddKey: path_.add(rig_.key(0)); break;
        case Action::RidePath: path_.riding() ? path_.stop() : path_.ride(now()); break;
        case Action::SavePath: save_path(); break;
        case Action::OpenLive: request(""); break;
        case Action::ToggleTimeline:
            common().settings.timeline = !common().settings.timeline;
            break;
        default: break;
    }
    Screen::act(action);
}

const char* VolumeScreen::hint() const {
    return "Drag to turn, with the right button to shift, wheel to come nearer. W A S D fly, Q and "
           "E sink and rise, Shift hurries. Drop a stream, a .ply or a folder to open it.";
}

void VolumeScreen::take(const InputEvent& event) {
    constexpr std::array kFlying{Key::W, Key::A, Key::S, Key::D, Key::Q, Key::E};
    if (const auto* key = std::get_if<KeyChanged>(&event)) {
        shift_ = key->modifiers.shift;
        const bool flies = std::ranges::find(kFlying, key->key) != kFlying.end();
        if (!key->down) {
            held_.erase(key->key);
        } else if (flies && !key->modifiers.ctrl && !key->modifiers.alt) {
            path_.stop();
            held_.insert(key->key);
        }
    } else if (const auto* button = std::get_if<ButtonChanged>(&event)) {
        button->down ? static_cast<void>(buttons_.insert(button->button))
                     : static_cast<void>(buttons_.erase(button->button));
    } else if (const auto* scroll = std::get_if<Scrolled>(&event)) {
        path_.stop();
        rig_.dolly(std::pow(kNotch, static_cast<double>(scroll->y)));
    } else if (const auto* pointer = std::get_if<PointerMoved>(&event)) {
        drag(pointer->x - x_, pointer->y - y_);
        x_ = pointer->x;
        y_ = pointer->y;
    }
}

void VolumeScreen::drag(float x, float y) {
    if (buttons_.empty()) {
        return;
    }
    path_.stop();
    const double height = std::max(1, whole_scene().video.height);
    const double right = static_cast<double>(x) / height, down = static_cast<double>(y) / height;
    if (!buttons_.contains(0)) {
        rig_.pan(right, down);
    } else if (flies_) {
        rig_.look(kTurn / 2 * right, kTurn / 2 * down);
    } else {
        rig_.orbit(kTurn * right, kTurn * down);
    }
}

render::SplatLook VolumeScreen::splat_look() const {
    render::SplatLook out;
    out.sh_degree = look().sh_degree;
    if (look().depth) {
        out.nearest = rig_.distance() / kDepthRange;
        out.farthest = rig_.distance() * kDepthRange;
    }
    if (look().gates) {
        const auto mark = [&](Mark which, uint32_t packed, float amount) {
            out.marks[static_cast<size_t>(which)] = {colour(packed), amount, false};
        };
        mark(Mark::Still, theme::rgb(0x2A2E35), 0.8F);
        mark(Mark::Moved, theme::kWarm, 0.75F);
        mark(Mark::Changed, theme::kAccent, 0.6F);
        mark(Mark::Fresh, theme::kGreen, 0.4F);
    }
    out.marks[static_cast<size_t>(Mark::Still)].hidden = look().only_changed;
    return out;
}

void VolumeScreen::make_guides() {
    lines_.clear();
    const float width = 1.25F * ui().scale();
    if (look().guides) {
        add_grid(lines_, extent_.centre, rig_.up(), extent_.radius, width);
        add_axes(lines_, extent_.centre, 0.5 * extent_.radius, 2 * width);
    }
    if (look().cameras) {
        for (const gaussians::Camera& camera : info_.cameras) {
            add_frustum(lines_, camera, 0.12 * extent_.radius, theme::kDim, width);
        }
    }
    if (!path_.riding()) {
        add_path(lines_, path_.keys(), rig_.up(), 0.1 * extent_.radius, width);
    }
}

void VolumeScreen::build(render::Scene& scene) {
    const bool shown = panels_shown(), moves = info_.frames > 1;
    const Layout layout = lay_out(*this, {.timeline = shown && moves && common().settings.timeline,
                                          .sidebar = shown && common().settings.sidebar,
                                          .transport = shown,
                                          .prompt = false});
    scene.video = layout.video;
    if (frame_ && !scene.video.empty()) {
        make_guides();
        const auto camera = rig_.camera(scene.video.width, scene.video.height);
        const auto look = splat_look();
        view_ = {.splats = &frame_->splats,
                 .painter = {},
                 .camera = camera,
                 .near = info_.near,
                 .look = look,
                 .lines = lines_};
        if (painter_) {
            view_.painter = [this, camera, look, frame = frame_]() -> const render::SplatPicture& {
                return painter_->paint(frame, camera, look, lines_, info_.near);
            };
        }
        scene.splats = &view_;
    } else {
        badge(*this, 0.5F * static_cast<float>(layout.video.width),
              0.5F * static_cast<float>(layout.video.height), "Reading");
    }
    draw_panels(layout);
}

void VolumeScreen::draw_panels(const Layout& layout) {
    if (!layout.transport.empty()) {
        draw_volume_transport(*this, layout.transport);
    }
    if (!layout.timeline.empty()) {
        draw_frame_strip(*this, layout.timeline);
    }
    if (!layout.sidebar.empty()) {
        draw_volume_sidebar(*this, layout.sidebar);
    }
    draw_notice(*this, layout.video);
    if (help_open()) {
        draw_help(*this);
    }
}

}  // namespace longtake::interactive
