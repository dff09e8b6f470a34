#include "gaussians/scene/camera_path.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    const auto path = write("path.json", bytes);
    attempt([&] { gaussians::near_of_camera_path(path); });
    attempt([&] { gaussians::read_camera_path(path, {.width = 8, .height = 6}); });
    const auto cameras =
        gaussians::read_camera_path(path, {.width = 8, .height = 6, .seconds = 0.5});
    check(cameras.size() == 15, "{} cameras", cameras.size());
}
