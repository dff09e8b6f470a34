#include "interactive/screen.h"

#include "core/error.h"
#include "interactive/free_name.h"
#include "interactive/theme.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kNotice = 6;     // seconds that a notice stays
constexpr double kFigures = 0.5;  // seconds from one look at the figures to the next

}  // namespace

Screen::Screen(ScreenOptions options, double now) : common_(std::move(options)), now_(now) {
    scene_.background = theme::kBackground;
}

void Screen::say(std::string notice) {
    notice_ = std::move(notice);
    notice_until_ = now_ + kNotice;
    settle_ = 2;
}

bool Screen::stale(double now) {
    news_ |= advance(now);
    return news_ || waiting() || now >= next_tick_ || (!notice_.empty() && now >= notice_until_);
}

double Screen::due() const {
    return std::min(next_tick_, notice_.empty() ? next_tick_ : notice_until_);
}

const render::Scene& Screen::draw(double now) {
    now_ = now;
    stale(now);
    settle_ = input_.empty() ? std::max(0, settle_ - 1) : 2;
    if (now >= notice_until_) {
        notice_.clear();
    }
    next_tick_ = now + kFigures;
    take_up_input();
    news_ = false;
    ui_.begin(now);
    scene_.frame = nullptr;
    build(scene_);
    scene_.ui = ui_.end();
    scene_.font = ui_.new_font();
    return scene_;
}

render::Scene Screen::whole_scene() const {
    render::Scene scene = scene_;
    scene.font = &ui_.font();
    return scene;
}

void Screen::draw_all_again() {
    ui_.renew_font();
    settle_ = std::max(settle_, 1);
}

// One change of a key or a button at a time, and nothing past a key that acts: the user interface
// looks at what holds at the moment, not at what happened.
void Screen::take_up_input() {
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
        feed_content(event);
        if (key != nullptr && key->down) {
            if (const auto action = action_of(keys(), *key, ui_.typing())) {
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

void Screen::feed_content(const InputEvent& event) {
    const auto* key = std::get_if<KeyChanged>(&event);
    const auto* button = std::get_if<ButtonChanged>(&event);
    const bool release = (key != nullptr && !key->down) || (button != nullptr && !button->down);
    const bool taken = key != nullptr ? ui_.typing() : ui_.over_panel();
    if (release || std::holds_alternative<PointerMoved>(event) || !taken) {
        take(event);
    }
}

void Screen::act(Action action) {
    switch (action) {
        case Action::Screenshot: screenshot_ = true; break;
        case Action::TogglePanels: panels_ = !panels_; break;
        case Action::ToggleSidebar: common_.settings.sidebar = !common_.settings.sidebar; break;
        case Action::Fullscreen: fullscreen_ = !fullscreen_; break;
        case Action::Help: help_ = !help_; break;
        case Action::Leave: help_ = false; break;
        case Action::Quit: quit_ = true; break;
        default: break;
    }
    settle_ = 2;
}

std::optional<std::filesystem::path> Screen::take_screenshot() {
    if (!std::exchange(screenshot_, false)) {
        return std::nullopt;
    }
    const auto path = common_.folder / (free_name(common_.folder) + ".png");
    say(fmt::format("saved {}", path.filename().string()));
    return path;
}

std::optional<std::string> Screen::take_request() {
    return std::exchange(request_, std::nullopt);
}

bool replace(std::unique_ptr<Screen>& screen, const ScreenMaker& maker, double now) {
    const auto address = screen->take_request();
    if (!address) {
        return false;
    }
    try {
        ScreenOptions options = screen->common();
        options.settings = screen->settings();
        auto next = maker(*address, std::move(options), now);
        screen->finish();
        screen = std::move(next);
        return true;
    } catch (const InputError& e) {
        screen->say(e.what());
        return false;
    }
}

}  // namespace longtake::interactive
