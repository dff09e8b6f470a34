#include "interactive/settings.h"

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace longtake::interactive {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(VolumeLook, sh_degree, only_changed, gates, depth,
                                                guides, cameras)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Settings, width, height, timeline, sidebar, pixels,
                                                live, models, history, presets, look, speed, loop)

std::filesystem::path Settings::place() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::filesystem::path(value != nullptr ? value : "");
    };
    const auto given = variable("XDG_CONFIG_HOME");
    return (given.is_absolute() ? given : variable("HOME") / ".config") / "longtake" /
           "viewer.json";
}

Settings Settings::read(const std::filesystem::path& path) {
    Settings settings;
    try {
        settings = nlohmann::json::parse(read_text(path)).get<Settings>();
    } catch (const std::exception&) {
        return {};
    }
    settings.width = std::clamp(settings.width, 480, 16384);
    settings.height = std::clamp(settings.height, 320, 16384);
    settings.look.sh_degree = std::clamp(settings.look.sh_degree, 0, 3);
    return settings;
}

void Settings::write(const std::filesystem::path& path) const {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    try {
        AtomicFile file(path);
        file.write(nlohmann::json(*this).dump(1) + "\n");
        file.commit();
    } catch (const Error& e) {
        spdlog::debug("settings are not kept: {}", e.what());
    }
}

}  // namespace longtake::interactive
