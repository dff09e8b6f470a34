#include "generator/tracks/track_log.h"

#include "core/error.h"
#include "core/file.h"
#include "core/whole_number.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <string_view>
#include <utility>

namespace longtake::generator {
namespace {

using nlohmann::json;

constexpr size_t kLongest = size_t{1} << 30;
constexpr int64_t kMostFrames = 4096;  // of a chunk

TrackedChunk chunk_of(const std::string& line) {
    const json root = json::parse(line);
    TrackedChunk chunk{.frame = whole<int64_t>(root.at("frame")), .tracks = {}};
    const auto frames = whole<int64_t>(root.at("frames"));
    auto ids = whole_numbers<int32_t>(root.at("ids"));
    const json& places = root.at("places");
    check_input(chunk.frame >= 0 && frames > 0 && frames <= kMostFrames &&
                    places.size() == static_cast<size_t>(frames) * ids.size(),
                "its numbers do not fit");
    chunk.tracks = Tracks(frames, std::move(ids));
    for (size_t i = 0; i < places.size(); ++i) {
        if (!places[i].is_null()) {
            const auto at = static_cast<int64_t>(i);
            chunk.tracks.at(at / chunk.tracks.points(), at % chunk.tracks.points()) = {
                places[i].at(0), places[i].at(1), true};
        }
    }
    return chunk;
}

}  // namespace

std::string line_of(const TrackedChunk& chunk) {
    json places = json::array();
    for (int64_t t = 0; t < chunk.tracks.frames(); ++t) {
        for (int64_t n = 0; n < chunk.tracks.points(); ++n) {
            const TrackPoint& p = chunk.tracks.at(t, n);
            places.push_back(p.visible ? json{p.x, p.y} : json());
        }
    }
    const json root{{"frame", chunk.frame},
                    {"frames", chunk.tracks.frames()},
                    {"ids", chunk.tracks.ids()},
                    {"places", std::move(places)}};
    return root.dump() + "\n";
}

std::vector<TrackedChunk> read_track_log(const std::filesystem::path& path) {
    const std::string text = read_text(path, kLongest);
    std::vector<TrackedChunk> chunks;
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        try {
            chunks.push_back(chunk_of(text.substr(begin, end - begin)));
        } catch (const std::exception&) {
            fail_input("{}: its line {} holds no tracks", path.string(), chunks.size() + 1);
        }
        check_input(chunks.size() < 2 || chunks[chunks.size() - 2].frame < chunks.back().frame,
                    "{}: its line {} goes back in time", path.string(), chunks.size());
        begin = end + 1;
    }
    return chunks;
}

}  // namespace longtake::generator
