#include "generator/control/camera_file.h"
#include "tests/fuzz/fuzz.h"

#include <array>
#include <cmath>

// The first byte says which format.
void longtake::fuzz::read(Bytes bytes) {
    constexpr std::array kExtensions{".npz", ".npy", ".json"};
    constexpr generator::TrackFrame kTake{.width = 64, .height = 48, .frame_rate = 16};
    check_input(!bytes.empty(), "no format");
    const size_t format = std::to_integer<size_t>(bytes[0]) % kExtensions.size();
    const auto path = write(std::string("camera") + kExtensions[format], bytes.subspan(1));
    generator::is_camera_path(path);
    const auto [cameras, rate] = generator::read_camera_path(path, kTake);
    const auto camera = generator::fitted(generator::between(cameras, 0.5), kTake);
    check(std::isfinite(camera.fx) && std::isfinite(camera.cx), "no camera");
}
