#include "generator/tracks/track_file.h"
#include "tests/fuzz/fuzz.h"

#include <array>

// The first byte says which format.
void longtake::fuzz::read(Bytes bytes) {
    constexpr std::array kExtensions{".npz", ".npy", ".pth", ".json", ".txt"};
    check_input(!bytes.empty(), "no format");
    const size_t format = std::to_integer<size_t>(bytes[0]) % kExtensions.size();
    const auto path = write(std::string("tracks") + kExtensions[format], bytes.subspan(1));
    generator::is_track_file(path);
    const auto tracks = generator::read_tracks(path, {.width = 64, .height = 48, .frame_rate = 16});
    generator::scaled(tracks, 2, 2);
}
