#pragma once

#include "generator/control/prompt_timeline.h"
#include "generator/take.h"
#include "generator/tracks/track_log.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longtake::generator {

// All that is needed to make a take again, frame by frame the same, on the same kind of machine.
// Kept as JSON beside a recording.
struct TakeRecord {
    // A prompt that took effect in a chunk.
    struct Change {
        int64_t chunk = 0;
        int64_t frame = 0;     // of the video, the chunk's first
        int64_t revision = 0;  // of the control it came by; 0: planned
        std::string prompt;
        bool cut = false;
    };

    std::string model;           // its folder
    std::string device = "cpu";  // or "cuda"
    std::string precision;
    uint64_t seed = 0;
    std::string cache;
    std::vector<int> steps;  // empty: the model's own
    int64_t chunk = 0;       // latent frames made at a time; 0: as many as the model was trained to
    std::string image;       // file beside the record that the take begins with; empty: none
    int64_t first_frame = 0;  // of the take, that was recorded
    int64_t frames = 0;       // recorded
    std::vector<Change> changes;
    std::vector<int64_t> drift = {};   // frames of the video whose chunk rang the drift alarm
    std::string tracks;                // file beside the record with the next; empty: none
    std::vector<TrackedChunk> motion;  // what the take was asked to follow

    // Throws InputError, naming the file and what is wrong with it. `write` leaves the file of
    // tracks to whoever records.
    static TakeRecord read(const std::filesystem::path& path);
    void write(const std::filesystem::path& path) const;
    Steer steer() const;  // its prompts and tracks in the chunks they took effect in
};

}  // namespace longtake::generator
