#pragma once

#include "core/byte_source.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace longtake::gaussians {

// A stream in pieces (header, segments, index), for servers and caches of plain files: one behind
// the other they are the stream. {"pieces": [{"file": "header.ltv", "bytes": 2345}, ...]}, in the
// folder of the pieces.
struct PlaylistPiece {
    std::string file;
    uint64_t bytes = 0;
};
void write_playlist(const std::filesystem::path& path, const std::vector<PlaylistPiece>& pieces);

// The bytes of a stream: those of the pieces where the address is a playlist's (NAME.json), else as
// open_bytes. Throws InputError.
std::unique_ptr<ByteSource> open_stream_bytes(const std::string& address);

}  // namespace longtake::gaussians
