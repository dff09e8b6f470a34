#include "core/error.h"
#include "interactive/panels/panels.h"
#include "interactive/panels/widgets.h"
#include "interactive/theme.h"
#include "interactive/viewer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace longtake::interactive {
namespace {

// The options that are worth a slider; the command line knows the others.
struct Parameter {
    const char* policy;
    const char* key;
    int fallback, least, most;
    const char* tip;
};
constexpr std::array kParameters{
    Parameter{"full", "window", 21, 3, 84, "Frames after which it is full"},
    Parameter{"window", "window", 21, 3, 42, "Frames it keeps"},
    Parameter{"sink", "window", 21, 3, 42, "Frames it keeps"},
    Parameter{"sink", "sink", 3, 0, 18, "First frames that stay for ever"},
    Parameter{"deep-sink", "window", 21, 3, 42, "Frames it keeps"},
    Parameter{"deep-sink", "sink", 10, 0, 18, "First frames that stay for ever"},
    Parameter{"deep-forcing", "window", 21, 3, 42, "Frames after which it is compressed"},
    Parameter{"deep-forcing", "sink", 10, 0, 18, "First frames that stay for ever"},
    Parameter{"deep-forcing", "budget", 16, 3, 42, "Frames it is compressed to"},
    Parameter{"infinity-rope", "window", 6, 3, 21, "Frames it keeps"},
    Parameter{"ema-sink", "window", 9, 3, 42, "Frames it keeps"},
    Parameter{"memrope", "window", 12, 6, 42, "Frames it keeps"},
    Parameter{"rolling-sink", "window", 21, 9, 42, "Frames it keeps"},
    Parameter{"recache", "window", 12, 3, 42, "Frames it keeps"},
    Parameter{"streaming-vlm", "window", 21, 9, 42, "Frames it keeps"},
    Parameter{"entropy", "decay", 700, 1, 1000, "Thousandths of a score that a chunk leaves"},
    Parameter{"surprise", "decay", 1000, 1, 1000, "Thousandths of a score that a chunk leaves"},
    Parameter{"retrieval", "window", 21, 18, 42, "Frames it keeps"},
    Parameter{"retrieval", "blocks", 3, 1, 8, "Chunks that come back"},
    Parameter{"relic", "window", 21, 21, 42, "Frames it keeps"},
};

constexpr float kNumber = 54;  // beside a slider, in units of the design

// "NAME:key=value,..." into the fields, or back.
void read_fields(Viewer::Edit& edit, const std::string& text) {
    edit.cache_name = text.substr(0, text.find(':'));
    edit.cache_values.clear();
    for (const Parameter& p : kParameters) {
        int value = p.fallback;
        const std::string key = std::string(p.key) + "=";
        const size_t at = text.find(key);
        if (edit.cache_name == p.policy && at != text.npos && at > 0 &&
            (text[at - 1] == ':' || text[at - 1] == ',')) {
            std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
        }
        edit.cache_values.push_back(value);
    }
}

std::string text_of(const Viewer::Edit& edit) {
    std::string text = edit.cache_name;
    char separator = ':';
    for (size_t i = 0; i < kParameters.size(); ++i) {
        if (kParameters[i].policy == edit.cache_name &&
            edit.cache_values[i] != kParameters[i].fallback) {
            text += fmt::format("{}{}={}", std::exchange(separator, ','), kParameters[i].key,
                                edit.cache_values[i]);
        }
    }
    return text;
}

}  // namespace

void draw_cache_options(Viewer& viewer) {
    auto& edit = viewer.edit();
    if (edit.cache_name.empty()) {
        read_fields(edit, viewer.live().cache());
    }
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushFont(viewer.ui().small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {8 * viewer.ui().scale(), 3 * viewer.ui().scale()});
    constexpr const char* kTip = "Cache policy: what stays in memory";
    ImGui::SetNextItemWidth(field_name(viewer, "policy", kTip));
    if (ImGui::BeginCombo("##cache", edit.cache_name.c_str())) {
        for (const std::string& name : generator::cache_policy_names()) {
            if (ImGui::Selectable(name.c_str(), name == edit.cache_name)) {
                edit.cache_name = name;
            }
        }
        ImGui::EndCombo();
    }
    tooltip(kTip);
    for (size_t i = 0; i < kParameters.size(); ++i) {
        const Parameter& p = kParameters[i];
        if (edit.cache_name == p.policy) {
            ImGui::PushID(static_cast<int>(i));
            ImGui::SetNextItemWidth(field_name(viewer, p.key, p.tip) -
                                    kNumber * viewer.ui().scale());
            ImGui::SliderInt("##value", &edit.cache_values[i], p.least, p.most, "");
            tooltip(p.tip);
            ImGui::SameLine();
            ImGui::AlignTextToFramePadding();
            text(theme::kText, std::to_string(edit.cache_values[i]));
            ImGui::PopID();
        }
    }
    const std::string wanted = text_of(edit);
    if (wanted != viewer.live().cache() && ImGui::Button("Begin a take with it", {width, 0})) {
        try {
            viewer.live().set_cache(wanted, viewer.now());
        } catch (const InputError& e) {
            viewer.say(e.what());
        }
    }
    ImGui::PopStyleVar();
    ImGui::PopFont();
}

}  // namespace longtake::interactive
