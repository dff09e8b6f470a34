#include "gaussians/codec/stream_copy.h"

#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/cloud_sequence.h"
#include "gaussians/codec/playlist.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/cloud_testing.h"
#include "tests/gaussians/stream_testing.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace longtake::gaussians {
namespace {

using testing::HasSubstr;

std::string bytes_of(const std::filesystem::path& path) {
    return read_text(path, size_t{1} << 26);
}

// Segments that were made by themselves are, one behind the other, what one writer makes.
TEST(StreamCopy, PartsBecomeTheWhole) {
    const TemporaryFolder folder;
    write_stream(folder / "whole.ltv", 7, 3);
    for (const auto& [name, begin, end] :
         {std::tuple("a.ltv", 0, 3), {"b.ltv", 3, 6}, {"c.ltv", 6, 7}}) {
        StreamWriter writer(folder / name, small_info());
        write_frames(writer, begin, end, 3);
        writer.finish();
    }
    concat_streams({folder / "a.ltv", folder / "b.ltv", folder / "c.ltv"}, folder / "all.ltv");
    EXPECT_EQ(bytes_of(folder / "all.ltv"), bytes_of(folder / "whole.ltv"));
}

TEST(StreamCopy, RefusesOtherSettingsAndLeavesNothing) {
    const TemporaryFolder folder;
    write_stream(folder / "a.ltv", 2, 3);
    StreamInfo other = small_info();
    other.frame_rate = {.numerator = 25, .denominator = 1};
    StreamWriter(folder / "b.ltv", other).finish();
    try {
        concat_streams({folder / "a.ltv", folder / "b.ltv"}, folder / "all.ltv");
        FAIL();
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("b.ltv: has 25 frames a second, the first 30"));
    }
    EXPECT_EQ(folder.size(), 2);
}

TEST(StreamCopy, PiecesArePlayedAsOne) {
    const TemporaryFolder folder;
    const auto states = write_stream(folder / "whole.ltv", 7, 3);
    split_stream(folder / "whole.ltv", folder / "pieces");
    StreamReader reader(folder / "pieces/playlist.json", {.verify = true});
    EXPECT_EQ(reader.frame_count(), 7);
    EXPECT_TRUE(reader.finished());
    for (const int frame : {0, 1, 6, 2, 4}) {
        reader.seek(frame);
        ASSERT_TRUE(reader.next());
        EXPECT_TRUE(same(reader.state(), states[static_cast<size_t>(frame)])) << frame;
    }
    std::string joined;
    for (const char* piece :
         {"header", "segment_000000", "segment_000003", "segment_000006", "index"}) {
        joined += bytes_of(folder / ("pieces/" + std::string(piece) + ".ltv"));
    }
    EXPECT_EQ(joined, bytes_of(folder / "whole.ltv"));
}

TEST(StreamCopy, RefusesAPlaylistThatLies) {
    const TemporaryFolder folder;
    write_stream(folder / "whole.ltv", 4, 3);
    split_stream(folder / "whole.ltv", folder / "pieces");
    const auto refused = [&](const std::string& what) {
        try {
            StreamReader reader(folder / "pieces/playlist.json");
            while (reader.next()) {
            }
            return false;
        } catch (const InputError& e) {
            return std::string(e.what()).find(what) != std::string::npos;
        }
    };
    std::filesystem::resize_file(folder / "pieces/segment_000000.ltv", 200);
    EXPECT_TRUE(refused("segment_000000.ltv: is shorter than"));
    std::filesystem::remove(folder / "pieces/segment_000000.ltv");
    EXPECT_TRUE(refused("segment_000000.ltv"));
    write_playlist(folder / "pieces/playlist.json", {{.file = "../whole.ltv", .bytes = 9}});
    EXPECT_TRUE(refused("is not beside it"));
    constexpr uint64_t kHalf = uint64_t{1} << 47;
    write_playlist(folder / "pieces/playlist.json",
                   {{.file = "a", .bytes = kHalf}, {.file = "b", .bytes = kHalf + 1}});
    EXPECT_TRUE(refused("a piece of"));
}

// Clouds that move become a stream whose frames are close to them, mostly as differences.
TEST(CloudSequence, FramesAreCloseToTheClouds) {
    const TemporaryFolder folder;
    CloudSequenceWriter writer(folder / "a.ltv", {.numerator = 25, .denominator = 1}, 4);
    std::vector<Cloud> clouds;
    for (int frame = 0; frame < 7; ++frame) {
        Cloud cloud = random_cloud(frame < 6 ? 200 : 150, 2);
        for (int64_t row = 0; row < 40; ++row) {
            cloud.means.data<float>()[3 * row] += 0.1F * static_cast<float>(frame);
            cloud.opacities.data<float>()[row] -= 0.3F * static_cast<float>(frame);
        }
        writer.add(cloud);
        EXPECT_EQ(writer.last().key, frame % 4 == 0 || frame == 6);
        if (!writer.last().key) {
            EXPECT_EQ(writer.last().changed, 40);
        }
        clouds.push_back(cloud);
    }
    EXPECT_THROW(writer.add(random_cloud(150, 1)), InputError);
    writer.finish();
    StreamReader reader(folder / "a.ltv", {.verify = true});
    for (const Cloud& cloud : clouds) {
        ASSERT_TRUE(reader.next());
        const Cloud played = to_cloud(reader.state());
        ASSERT_EQ(played.count(), cloud.count());
        // In another order: what is left over of the sums is what rounding did.
        double opacity = 0, x = 0;
        for (int64_t row = 0; row < cloud.count(); ++row) {
            opacity += played.opacities.data<float>()[row] - cloud.opacities.data<float>()[row];
            x += played.means.data<float>()[3 * row] - cloud.means.data<float>()[3 * row];
        }
        EXPECT_NEAR(opacity / static_cast<double>(cloud.count()), 0, 0.01);
        EXPECT_NEAR(x / static_cast<double>(cloud.count()), 0, 1e-4);
    }
}

// One place for all Gaussians, far from the origin, has no extent to take steps from.
TEST(CloudSequence, GaussiansThatCoincideAreHeld) {
    const TemporaryFolder folder;
    CloudSequenceWriter writer(folder / "a.ltv", {.numerator = 25, .denominator = 1}, 4);
    Cloud cloud = random_cloud(9, 1);
    std::ranges::fill(cloud.means.values<float>(), 1000.F);
    writer.add(cloud);
    writer.finish();
    StreamReader reader(folder / "a.ltv");
    ASSERT_TRUE(reader.next());
    EXPECT_NEAR(to_cloud(reader.state()).means.data<float>()[0], 1000, 0.01);
}

}  // namespace
}  // namespace longtake::gaussians
