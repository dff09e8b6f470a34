#include "tools/toyworld/options.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace longtake::toyworld {
namespace {

template <typename T>
T number(const std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw BadOption("'" + text + "' is not a number of the kind asked for");
    }
    return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

// The words of --scene: spaces become underscores, and only what tells apart is kept.
std::string key(int kind, int index) {
    constexpr const char* kSkies[] = {"day", "sunset", "night", "overcast"};
    constexpr const char* kGrounds[] = {"grass", "sand", "snow", "stone", "tiles"};
    constexpr const char* kCameras[] = {"static",     "pan_left",   "pan_right",   "dolly_in",
                                        "dolly_out",  "orbit_left", "orbit_right", "follow"};
    std::string word = kind == LTW_SKY      ? kSkies[index]
                       : kind == LTW_GROUND ? kGrounds[index]
                       : kind == LTW_CAMERA ? kCameras[index]
                                            : ltw_name(kind, index);
    std::replace(word.begin(), word.end(), ' ', '_');
    return word;
}

int index_of(int kind, const std::string& word) {
    std::string known;
    for (int i = 0; ltw_name(kind, i) != nullptr; ++i) {
        if (key(kind, i) == word) {
            return i;
        }
        known += " " + key(kind, i);
    }
    throw BadOption("'" + word + "' is none of" + known);
}

ltw_segment segment_of(const std::string& text) {
    const std::vector<std::string> parts = split(text, ',');
    if (parts.size() < 3 || parts.size() > 3 + LTW_MAX_OBJECTS) {
        throw BadOption("a scene is SKY,GROUND,CAMERA and up to four COLOUR:SHAPE:MOTION");
    }
    ltw_segment s{};
    s.sky = index_of(LTW_SKY, parts[0]);
    s.ground = index_of(LTW_GROUND, parts[1]);
    s.camera = index_of(LTW_CAMERA, parts[2]);
    for (size_t i = 3; i < parts.size(); ++i) {
        const std::vector<std::string> words = split(parts[i], ':');
        if (words.size() < 3 || words.size() > 4) {
            throw BadOption("'" + parts[i] + "' is not COLOUR:SHAPE:MOTION[:SIZE]");
        }
        ltw_object& o = s.objects[s.object_count++];
        o.colour = index_of(LTW_COLOUR, words[0]);
        o.shape = index_of(LTW_SHAPE, words[1]);
        o.motion = index_of(LTW_MOTION, words[2]);
        o.size = words.size() > 3 ? number<float>(words[3]) : 0;
    }
    return s;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
    Options o;
    o.script.switch_frame = 36;
    o.help = arguments.empty();
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (i + 1 == arguments.size()) {
                throw BadOption(name + " needs a value");
            }
            return arguments[++i];
        };
        if (name == "--help" || name == "-h") {
            o.help = true;
        } else if (name == "--seeds") {
            const std::vector<std::string> ends = split(value(), '-');
            const auto first = number<uint64_t>(ends.front()), last = number<uint64_t>(ends.back());
            o.seeds.clear();
            for (uint64_t seed = first; seed <= last && o.seeds.size() < 1000; ++seed) {
                o.seeds.push_back(seed);
            }
            if (o.seeds.empty()) {
                throw BadOption("--seeds counts upwards, such as 0-11");
            }
        } else if (name == "--scene") {
            if (o.script.segment_count == 2) {
                throw BadOption("a script has at most two scenes");
            }
            o.script.segments[o.script.segment_count++] = segment_of(value());
        } else if (name == "--switch") {
            o.script.switch_frame = number<int>(value());
        } else if (name == "--sheet") {
            o.sheet = value();
        } else if (name == "--out") {
            o.out = value();
        } else if (name == "--views") {
            o.rig.view_count = number<int>(value());
        } else if (name == "--spread") {
            o.rig.spread = number<float>(value());
        } else if (name == "--fixed") {
            o.rig.fixed = 1;
        } else if (name == "--captions") {
            o.captions = number<int>(value());
        } else if (name == "--variant") {
            o.variant = number<uint64_t>(value());
        } else if (name == "--width") {
            o.width = number<int>(value());
        } else if (name == "--height") {
            o.height = number<int>(value());
        } else if (name == "--frames") {
            o.frames = number<int>(value());
        } else if (name == "--samples") {
            o.samples = number<int>(value());
        } else if (name == "--columns") {
            o.columns = number<int>(value());
        } else if (name == "--fps") {
            o.fps = number<float>(value());
        } else {
            throw BadOption("unknown option " + name);
        }
    }
    if (o.width < 1 || o.height < 1 || o.frames < 1 || o.columns < 1 || o.rig.view_count < 1 ||
        o.rig.view_count > LTW_MAX_VIEWS) {
        throw BadOption("sizes and counts are positive, and views at most 64");
    }
    return o;
}

}  // namespace longtake::toyworld
