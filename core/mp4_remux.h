#pragma once

#include <filesystem>
#include <string>

namespace longtake {

// Copies the video of a fragmented file into an ordinary one whose index stands in front, without
// encoding again. `format` is "mp4" or "mov". Throws Error and leaves nothing at `to` on failure.
void remux_faststart(const std::filesystem::path& from, const std::filesystem::path& to,
                     const std::string& format);

}  // namespace longtake
