#include "core/error.h"
#include "core/zip_directory.h"
#include "core/zip_writer.h"
#include "diffusion/weights/pickle.h"
#include "generator/tracks/track_formats.h"

#include <algorithm>
#include <string>

// ATI's trajectories (Wan2.1-I2V-14B, "ATI"): torch.save of the bytes of an .npz with one array.
namespace longtake::generator {
namespace {

constexpr int64_t kFrames = 121;  // 24 a second, five seconds
constexpr double kScale = 8;      // of all numbers
constexpr std::string_view kProgram = "data.pkl";

std::string bytes_in(std::span<const std::byte> file) {
    const ZipDirectory zip(file);
    for (const std::string& name : zip.names()) {
        if (name.ends_with(kProgram)) {
            const diffusion::Pickle pickle(zip.entry(name));
            const auto* bytes = pickle.root().as<std::string>();
            check_input(bytes != nullptr, "it holds something else than the bytes of an .npz");
            return *bytes;
        }
    }
    fail_input("it was not written by torch.save");
}

// A pickle of protocol 2, as torch.save writes one of bytes.
std::string pickle_of(const std::vector<std::byte>& bytes) {
    std::string text;  // a character for each byte, in UTF-8
    for (const std::byte b : bytes) {
        const auto value = std::to_integer<unsigned>(b);
        if (value >= 0x80) {
            text += static_cast<char>(0xC0 | value >> 6);
            text += static_cast<char>(0x80 | (value & 0x3F));
        } else {
            text += static_cast<char>(value);
        }
    }
    std::string pickle =
        "\x80\x02"
        "c_codecs\nencode\nX";
    for (int i = 0; i < 4; ++i) {
        pickle += static_cast<char>(text.size() >> (8 * i));
    }
    return pickle + text + "X" + std::string("\x06\0\0\0", 4) + "latin1\x86R.";
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace

bool is_ati_file(std::span<const std::byte> bytes) {
    constexpr std::string_view kZip = "PK\x03\x04";
    const auto start = std::as_bytes(std::span(kZip));
    if (bytes.size() < start.size() || !std::ranges::equal(bytes.first(start.size()), start)) {
        return false;
    }
    const auto names = ZipDirectory(bytes).names();
    const auto holds = [&](std::string_view part) {
        return std::ranges::any_of(
            names, [part](const auto& name) { return name.find(part) != std::string::npos; });
    };
    return holds(kProgram) && !holds("/data/");
}

TrackSource read_ati_tracks(std::span<const std::byte> file) {
    const std::string npz = bytes_in(file);
    const auto arrays = parse_npz(std::as_bytes(std::span(npz)));
    check_input(arrays.contains("array"), "it holds no array 'array'");
    const NpyArray& array = arrays.at("array");
    const Shape& shape = array.shape;
    check_input(shape.rank() == 4 && shape[2] == 1 && shape[3] == 3 && shape[0] > 0 && shape[1] > 0,
                "its array is {}, not [points, {}, 1, 3]", shape.str(), kFrames);
    const bool swapped = shape[0] == kFrames && shape[1] != kFrames;  // frames come first
    const int64_t points = swapped ? shape[1] : shape[0];
    const int64_t frames = swapped ? shape[0] : shape[1];
    NpyArray places{Shape{frames, points, 2}, std::vector<double>(array.values.size() / 3 * 2)};
    NpyArray visible{Shape{frames, points}, std::vector<double>(array.values.size() / 3)};
    for (int64_t t = 0; t < frames; ++t) {
        for (int64_t n = 0; n < points; ++n) {
            const auto from = static_cast<size_t>(3 * (swapped ? t * points + n : n * frames + t));
            const auto to = static_cast<size_t>(t * points + n);
            places.values[2 * to] = array.values[from] / kScale;
            places.values[2 * to + 1] = array.values[from + 1] / kScale;
            visible.values[to] = array.values[from + 2] / kScale;
        }
    }
    return {tracks_of(places, visible), {.frame_rate = kAtiRate}, "ATI"};
}

std::vector<std::byte> ati_file_of(const Tracks& tracks, const TrackFrame& take) {
    const Tracks at_rate = resampled(tracks, take.frame_rate / kAtiRate);
    const int64_t points = at_rate.points(), frames = std::min(at_rate.frames(), kFrames);
    std::vector<float> values(static_cast<size_t>(points * kFrames * 3));
    for (int64_t n = 0; n < points; ++n) {
        for (int64_t t = 0; t < frames; ++t) {
            const TrackPoint& p = at_rate.at(t, n);
            float* to = values.data() + 3 * (n * kFrames + t);
            to[0] = static_cast<float>(kScale) * p.x;
            to[1] = static_cast<float>(kScale) * p.y;
            to[2] = p.visible ? static_cast<float>(kScale) : 0;
        }
    }
    const auto npz = zip_of({{"array.npy", to_npy({points, kFrames, 1, 3}, values)}});
    return zip_of({{"tracks/data.pkl", bytes_of(pickle_of(npz))},
                   {"tracks/byteorder", bytes_of("little")},
                   {"tracks/version", bytes_of("3\n")}});
}

}  // namespace longtake::generator
