#include "interactive/ui_script.h"

#include "core/error.h"
#include "core/file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr std::array<std::pair<const char*, Key>, 15> kNamed{{
    {"Space", Key::Space},
    {"Enter", Key::Enter},
    {"Escape", Key::Escape},
    {"Tab", Key::Tab},
    {"Backspace", Key::Backspace},
    {"Delete", Key::Delete},
    {"Left", Key::Left},
    {"Right", Key::Right},
    {"Up", Key::Up},
    {"Down", Key::Down},
    {"Home", Key::Home},
    {"End", Key::End},
    {"Period", Key::Period},
    {"Comma", Key::Comma},
    {"Insert", Key::Insert},
}};

std::optional<Key> key_of(const std::string& name) {
    const auto* named = std::ranges::find(kNamed, name, &std::pair<const char*, Key>::first);
    if (named != kNamed.end()) {
        return named->second;
    }
    if (name.size() == 1 &&
        ((name[0] >= '0' && name[0] <= '9') || (name[0] >= 'A' && name[0] <= 'Z'))) {
        return static_cast<Key>(name[0]);
    }
    if (name.size() >= 2 && name[0] == 'F') {
        for (int i = 1; i <= 12; ++i) {
            if (name == fmt::format("F{}", i)) {
                return static_cast<Key>(static_cast<int>(Key::F1) + i - 1);
            }
        }
    }
    return std::nullopt;
}

// The characters of a text in UTF-8; what is no UTF-8 becomes U+FFFD.
std::u32string characters_of(const std::string& text) {
    std::u32string characters;
    for (size_t i = 0; i < text.size();) {
        const auto first = static_cast<uint8_t>(text[i++]);
        int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
        char32_t character = more == 0 ? first : first & (0x3FU >> more);
        for (; more > 0 && i < text.size(); --more) {
            character = character << 6 | (static_cast<uint8_t>(text[i++]) & 0x3FU);
        }
        characters.push_back(more == 0 && (first < 0x80 || first >= 0xC0) ? character : 0xFFFD);
    }
    return characters;
}

class Reader {
  public:
    Reader(std::vector<ScriptStep>& steps, std::string where)
        : steps_(steps), where_(std::move(where)) {}

    void read(const std::string& line) {
        std::istringstream in(line);
        std::string word;
        in >> word;
        if (word.empty() || word[0] == '#') {
            return;
        }
        std::string rest;
        std::getline(in >> std::ws, rest);
        while (!rest.empty() && (rest.back() == '\r' || rest.back() == ' ')) {
            rest.pop_back();
        }
        if (word == "wait") {
            steps_.emplace_back(WaitSeconds{numbers<1>(rest)[0]});
        } else if (word == "frames") {
            steps_.emplace_back(WaitFrames{static_cast<int64_t>(numbers<1>(rest)[0])});
        } else if (word == "size") {
            const auto n = numbers<2>(rest);
            check_input(n[0] >= 64 && n[0] <= 8192 && n[1] >= 64 && n[1] <= 8192,
                        "{}: a window of {} pixels", where_, rest);
            steps_.emplace_back(ResizeTo{static_cast<int>(n[0]), static_cast<int>(n[1])});
        } else if (word == "key") {
            press(rest);
        } else if (word == "type") {
            for (const char32_t c : characters_of(rest)) {
                add(TextTyped{c});
            }
        } else if (word == "move" || word == "click" || word == "doubleclick") {
            const auto n = numbers<2>(rest);
            move(n[0], n[1]);
            const int clicks = word == "click" ? 1 : word == "doubleclick" ? 2 : 0;
            for (int i = 0; i < clicks; ++i) {
                add(ButtonChanged{0, true});
                add(ButtonChanged{0, false});
            }
        } else if (word == "drag") {
            drag(numbers<4>(rest));
        } else if (word == "drop") {
            add(FilesDropped{{rest}});
        } else if (word == "figures") {
            check_input(rest == "off", "{}: 'figures {}': say 'figures off'", where_, rest);
            steps_.emplace_back(HideFigures{});
        } else if (word == "shot") {
            check_input(rest.ends_with(".png"), "{}: '{}' does not end in .png", where_, rest);
            steps_.emplace_back(SaveShot{rest});
        } else {
            fail_input("{}: there is no '{}'", where_, word);
        }
    }

  private:
    void add(InputEvent event) { steps_.emplace_back(std::move(event)); }
    void move(double x, double y) {
        add(PointerMoved{static_cast<float>(x), static_cast<float>(y)});
    }

    template <size_t N> std::array<double, N> numbers(const std::string& text) const {
        std::istringstream in(text);
        std::array<double, N> values{};
        std::string more;
        for (double& value : values) {
            in >> value;
        }
        check_input(!in.fail() && !(in >> more), "{}: '{}' is not {} number(s)", where_, text, N);
        check_input(std::ranges::all_of(values, [](double v) { return v >= 0 && v < 1e6; }),
                    "{}: '{}' is out of range", where_, text);
        return values;
    }

    void press(std::string name) {
        Modifiers modifiers;
        const std::string given = name;
        for (size_t plus = name.find('+'); plus != name.npos; plus = name.find('+')) {
            const std::string modifier = name.substr(0, plus);
            bool& which = modifier == "Ctrl"    ? modifiers.ctrl
                          : modifier == "Shift" ? modifiers.shift
                                                : modifiers.alt;
            check_input(modifier == "Ctrl" || modifier == "Shift" || modifier == "Alt",
                        "{}: there is no key '{}'", where_, given);
            which = true;
            name.erase(0, plus + 1);
        }
        const auto key = key_of(name);
        check_input(key.has_value(), "{}: there is no key '{}'", where_, given);
        add(KeyChanged{*key, true, modifiers});
        add(KeyChanged{*key, false, {}});
    }

    void drag(const std::array<double, 4>& n) {
        constexpr int kSteps = 8;
        move(n[0], n[1]);
        add(ButtonChanged{0, true});
        for (int i = 1; i <= kSteps; ++i) {
            const double part = static_cast<double>(i) / kSteps;
            move(n[0] + part * (n[2] - n[0]), n[1] + part * (n[3] - n[1]));
        }
        add(ButtonChanged{0, false});
    }

    std::vector<ScriptStep>& steps_;
    std::string where_;
};

}  // namespace

std::vector<ScriptStep> read_ui_script(const std::filesystem::path& path) {
    std::vector<ScriptStep> steps;
    std::istringstream lines(read_text(path));
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        Reader(steps, fmt::format("{}:{}", path.string(), number)).read(line);
    }
    check_input(!steps.empty(), "{}: nothing in it; write lines such as \"wait 2\"", path.string());
    return steps;
}

}  // namespace longtake::interactive
