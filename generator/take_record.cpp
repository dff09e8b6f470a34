#include "generator/take_record.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/whole_number.h"

#include <nlohmann/json.hpp>

namespace longtake::generator {
namespace {

constexpr int kVersion = 1;

}  // namespace

TakeRecord TakeRecord::read(const std::filesystem::path& path) {
    const std::string text = read_text(path, size_t{64} << 20);
    try {
        const auto json = nlohmann::json::parse(text);
        check_input(json.at("longtake_take") == kVersion, "{}: not a take of version {}",
                    path.string(), kVersion);
        TakeRecord record;
        json.at("model").get_to(record.model);
        record.device = json.value("device", record.device);  // older records have none
        json.at("precision").get_to(record.precision);
        record.seed = whole<uint64_t>(json.at("seed"));
        json.at("cache").get_to(record.cache);
        record.steps = whole_numbers<int>(json.at("steps"));
        record.chunk = json.contains("chunk") ? whole<int64_t>(json.at("chunk")) : record.chunk;
        json.at("image").get_to(record.image);
        record.first_frame = whole<int64_t>(json.at("first_frame"));
        record.frames = whole<int64_t>(json.at("frames"));
        record.drift = json.value("drift", record.drift);
        record.tracks = json.value("tracks", record.tracks);
        for (const std::string& beside : {record.image, record.tracks}) {
            check_input(std::filesystem::path(beside).filename() == beside,
                        "{}: {} is not beside it", path.string(), in_quotes(beside));
        }
        if (!record.tracks.empty()) {
            record.motion = read_track_log(path.parent_path() / record.tracks);
        }
        for (const auto& change : json.at("changes")) {
            record.changes.push_back({.chunk = whole<int64_t>(change.at("chunk")),
                                      .frame = whole<int64_t>(change.at("frame")),
                                      .revision = whole<int64_t>(change.at("revision")),
                                      .prompt = change.at("prompt"),
                                      .cut = change.at("cut")});
        }
        check_input(!record.changes.empty() && record.changes.front().chunk == 0,
                    "{}: no prompt in its first chunk", path.string());
        check_input(record.frames > 0 && record.first_frame >= 0, "{}: no frames in it",
                    path.string());
        return record;
    } catch (const nlohmann::json::exception& e) {
        fail_input("{}: not the record of a take: {}", path.string(), one_line(e.what()));
    }
}

void TakeRecord::write(const std::filesystem::path& path) const {
    nlohmann::ordered_json json{{"longtake_take", kVersion},
                                {"model", model},
                                {"device", device},
                                {"precision", precision},
                                {"seed", seed},
                                {"cache", cache},
                                {"steps", steps},
                                {"chunk", chunk},
                                {"image", image},
                                {"first_frame", first_frame},
                                {"frames", frames},
                                {"drift", drift},
                                {"tracks", tracks},
                                {"changes", nlohmann::json::array()}};
    for (const Change& change : changes) {
        json["changes"].push_back(nlohmann::ordered_json{{"chunk", change.chunk},
                                                         {"frame", change.frame},
                                                         {"revision", change.revision},
                                                         {"prompt", change.prompt},
                                                         {"cut", change.cut}});
    }
    AtomicFile file(path);
    file.write(json.dump(1) + "\n");
    file.commit();
}

}  // namespace longtake::generator
