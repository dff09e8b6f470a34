#include "gaussians/codec/stream_copy.h"

#include "core/atomic_folder.h"
#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/playlist.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/codec/stream_writer.h"

#include <fmt/format.h>

#include <optional>

namespace longtake::gaussians {
namespace {

void check_same_settings(const std::string& name, const StreamInfo& a, const StreamInfo& b) {
    check_input(a.frame_rate == b.frame_rate, "{}: has {:.6g} frames a second, the first {:.6g}",
                name, b.frame_rate.value(), a.frame_rate.value());
    check_input(
        a.sh_degree == b.sh_degree && a.latents == b.latents,
        "{}: its harmonics are of degree {} and {} latents, those of the first of {} and {}", name,
        b.sh_degree, b.latents, a.sh_degree, a.latents);
    check_input(a.mean_step == b.mean_step,
                "{}: its centres are multiples of {:g}, the first's {:g}", name, b.mean_step,
                a.mean_step);
}

int64_t frames_of(StreamReader& reader, const std::string& name) {
    const auto frames = reader.frame_count();
    check_input(frames.has_value(), "{}: is a pipe; name a file", name);
    return *frames;
}

}  // namespace

void concat_streams(const std::vector<std::string>& from, const std::filesystem::path& to) {
    std::optional<StreamWriter> writer;
    for (const std::string& name : from) {
        StreamReader reader(name);
        const int64_t frames = frames_of(reader, name);
        if (!writer) {
            writer.emplace(to, reader.info(), StreamWriter::Unfinished::Remove);
        }
        check_same_settings(name, writer->info(), reader.info());
        for (int64_t frame = 0; frame < frames; ++frame) {
            check_input(frame > 0 || reader.index()[0].key, "{}: does not begin with a key", name);
            writer->copy(reader.copy(frame));
        }
    }
    check(writer.has_value(), "no stream to begin with");
    writer->finish();
}

void split_stream(const std::string& from, const std::filesystem::path& folder) {
    StreamReader reader(from);
    const int64_t frames = frames_of(reader, from);
    const FrameIndex& index = reader.index();
    AtomicFolder pieces(folder);
    std::vector<PlaylistPiece> list;
    std::optional<AtomicFile> piece;
    const auto begin = [&](const std::string& name) {
        if (piece) {
            piece->commit();
        }
        piece.emplace(pieces.path() / name);
        list.push_back({.file = name, .bytes = 0});
    };
    const auto put = [&](std::span<const std::byte> bytes) {
        piece->write(bytes);
        list.back().bytes += bytes.size();
    };
    begin("header.ltv");
    const auto header = reader.info().pack();
    FrameIndex pieced(header.size());
    put(header);
    for (int64_t frame = 0; frame < frames; ++frame) {
        const FrameIndex::Entry& entry = index[static_cast<size_t>(frame)];
        if (entry.key) {
            begin(fmt::format("segment_{:06}.ltv", frame));
        }
        put(reader.copy(frame));
        pieced.add(entry.bytes, entry.key);
    }
    begin("index.ltv");
    put(pieced.pack());
    piece->commit();
    write_playlist(pieces.path() / "playlist.json", list);
    pieces.commit();
}

}  // namespace longtake::gaussians
