#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const fs::path kSplats = fs::path(LONGTAKE_TEST_FIXTURES) / "splats";

TEST(CloudCommands, ConvertAndInfo) {
    const Runner runner;
    const std::string sog = (kSplats / "cloud.sog").string();
    EXPECT_EQ(runner.run({"convert", sog, "-o", "a.ply"}).exit_code, 0);
    EXPECT_EQ(runner.run({"convert", "a.ply", "-o", "b.spz"}).exit_code, 0);
    const Outcome ply = runner.run({"info", "a.ply"});
    EXPECT_EQ(ply.exit_code, 0) << ply.err;
    EXPECT_THAT(ply.out, HasSubstr("3DGS PLY, 270 Gaussians, spherical harmonics of degree 2"));
    EXPECT_THAT(ply.out, HasSubstr("\ny from -6.716 to 5.372"));
    const Outcome spz = runner.run({"info", "b.spz"});
    EXPECT_THAT(spz.out, HasSubstr("SPZ 4, 270 Gaussians"));
    EXPECT_THAT(spz.out, HasSubstr("\ny from -6.716 to 5.372"));
}

TEST(CloudCommands, BadInput) {
    const Runner runner;
    std::ofstream(runner.folder / "huge.ply")
        << "ply\nformat binary_little_endian 1.0\nelement vertex 1000000000000\n"
           "property float x\nend_header\n";
    fs::copy(kSplats / "odd.ply", runner.folder / "odd.ply");
    for (const char* command : {"info", "convert"}) {
        std::vector<std::string> arguments{command, "huge.ply"};
        if (arguments[0] == "convert") {
            arguments.insert(arguments.end(), {"-o", "a.ply"});
        }
        expect_refused(runner, arguments, "huge.ply: its header promises 1000000000000 rows");
    }
    expect_refused(runner, {"convert", "odd.ply", "-o", "a.obj"}, ".ply or .spz");
    expect_refused(runner, {"convert", "odd.ply", "-o", "no/such/a.ply"}, "no/such/a.ply");
    expect_refused(runner, {"convert", "odd.ply", "-o", "a.ply", "--dtype", "fp16"}, "--dtype");
}

}  // namespace
}  // namespace longtake
