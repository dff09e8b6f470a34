#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longtake::gaussians {

// One stream of several, one behind the other, without decoding a frame; what is said of the whole
// is what the first says. Throws InputError when their settings differ or one does not begin with a
// key.
void concat_streams(const std::vector<std::string>& from, const std::filesystem::path& to);

// A stream as a folder of pieces, each segment its own, and their playlist.json.
void split_stream(const std::string& from, const std::filesystem::path& folder);

}  // namespace longtake::gaussians
