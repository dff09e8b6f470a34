#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake::interactive {

// What of a scene of Gaussians is shown how.
struct VolumeLook {
    int sh_degree = 3;
    bool only_changed = false;  // Gaussians
    bool gates = false;         // colours say what the frame did to each
    bool depth = false;
    bool guides = false;  // grid and axes
    bool cameras = false;

    bool operator==(const VolumeLook&) const = default;
};

// What the viewer remembers from one time to the next.
struct Settings {
    int width = 1280, height = 760;  // of the window
    bool timeline = true, sidebar = true;
    bool pixels = false;               // scaling
    std::string live;                  // address that takes are sent to
    std::vector<std::string> models;   // folders that were opened, newest last
    std::vector<std::string> history;  // of prompts, newest last
    std::vector<std::string> presets;  // empty: those that come with the program
    VolumeLook look;                   // of scenes, and how they play
    double speed = 1;
    bool loop = true;

    // $XDG_CONFIG_HOME/longtake/viewer.json, or under ~/.config.
    static std::filesystem::path place();
    // Defaults where the file is not there or cannot be understood: nobody loses a session over it.
    static Settings read(const std::filesystem::path& path);
    // Silent when it cannot be kept.
    void write(const std::filesystem::path& path) const;
};

}  // namespace longtake::interactive
