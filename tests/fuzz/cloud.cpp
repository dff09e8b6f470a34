#include "gaussians/formats/cloud_file.h"
#include "gaussians/formats/points_file.h"
#include "tests/fuzz/fuzz.h"

// Files of Gaussians: 3DGS PLY, compressed PLY, SPZ, SOG; and of points.
void longtake::fuzz::read(Bytes bytes) {
    const auto path = write("a.bin", bytes);
    const bool known = gaussians::is_cloud_file(path);
    attempt([&] {
        const gaussians::Points points = gaussians::read_points(path);
        check(points.colours.size() == points.positions.size(), "points without a colour");
    });
    const gaussians::Cloud cloud = gaussians::read_cloud(path);
    check(known && cloud.count() >= 0, "a file that is none");
}
