#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/codec/stream_writer.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/stream_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace longtake::gaussians {
namespace {

TEST(Stream, DecoderHasWhatTheWriterHas) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.ltv";
    const std::vector<FixedCloud> states = write_stream(path, 7, 3);
    StreamReader reader(path.string(), {.verify = true});
    EXPECT_EQ(reader.frame_count(), 7);
    EXPECT_TRUE(reader.finished());
    for (const FixedCloud& state : states) {
        ASSERT_TRUE(reader.next());
        EXPECT_TRUE(same(reader.state(), state));
    }
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.info().pack(), small_info().pack());
}

TEST(Stream, SeekGivesTheSameAsPlaying) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.ltv";
    const std::vector<FixedCloud> states = write_stream(path, 9, 4);
    StreamReader reader(path.string());
    for (const int frame : {8, 3, 4, 5, 0, 7, 7, 1, 8}) {
        reader.seek(frame);
        ASSERT_TRUE(reader.next());
        EXPECT_TRUE(same(reader.state(), states[static_cast<size_t>(frame)])) << frame;
        EXPECT_EQ(reader.frame().number, frame);
    }
    EXPECT_THROW(reader.seek(9), InputError);
}

TEST(Stream, GrowsWhileItIsRead) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.ltv";
    StreamWriter writer(path, small_info());
    StreamReader reader(path.string() + ".partial");
    EXPECT_EQ(reader.frame_count(), 0);
    EXPECT_FALSE(reader.next());
    FixedCloud state = writer.key(random_fixed(50, 1)).cloud;
    for (int frame = 0; frame < 3; ++frame) {
        ASSERT_TRUE(reader.next());
        EXPECT_TRUE(same(reader.state(), state));
        EXPECT_FALSE(reader.next());
        EXPECT_FALSE(reader.finished());
        state = writer.residual(random_residual(state, 5));
    }
    writer.finish();
    ASSERT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.finished());
}

TEST(Stream, ResumesAfterTheLastCompleteSegment) {
    const TemporaryFolder folder;
    const auto whole = folder.path() / "whole.ltv", cut = folder.path() / "cut.ltv";
    const auto states = write_stream(whole, 8, 3);
    {
        StreamWriter writer(cut, small_info());
        write_frames(writer, 0, 5, 3);
    }
    EXPECT_FALSE(std::filesystem::exists(cut));
    const std::filesystem::path partial = cut.string() + ".partial";
    std::filesystem::resize_file(partial, std::filesystem::file_size(partial) - 3);
    ASSERT_TRUE(StreamWriter::can_resume(cut, small_info()));
    StreamWriter writer = StreamWriter::resume(cut, small_info());
    ASSERT_EQ(writer.frame_count(), 3);
    EXPECT_TRUE(same(writer.state(), states[2]));
    write_frames(writer, 3, 8, 3);
    writer.finish();
    EXPECT_EQ(read_text(cut), read_text(whole));
    EXPECT_FALSE(std::filesystem::exists(partial));
}

TEST(Stream, KeyIsCloseToWhatIsGiven) {
    const TemporaryFolder folder;
    StreamWriter writer(folder.path() / "a.ltv", small_info());
    const FixedCloud given = random_fixed(300, 1);
    const StreamWriter::Key key = writer.key(given);
    std::vector<int32_t> rows = key.order;
    std::ranges::sort(rows);
    for (int32_t i = 0; i < 300; ++i) {
        ASSERT_EQ(rows[static_cast<size_t>(i)], i);
        const int32_t from = key.order[static_cast<size_t>(i)];
        for (int k = 0; k < 3; ++k) {
            EXPECT_LE(std::abs(key.cloud.means.data<int32_t>()[3 * i + k] -
                               given.means.data<int32_t>()[3 * from + k]),
                      2);
            EXPECT_LE(std::abs(key.cloud.log_scales.data<int32_t>()[3 * i + k] -
                               given.log_scales.data<int32_t>()[3 * from + k]),
                      1 << 15);
        }
        EXPECT_EQ(key.cloud.rest.data<int32_t>()[2 * i], given.rest.data<int32_t>()[2 * from]);
    }
}

TEST(Stream, RefusesOtherSettings) {
    const TemporaryFolder folder;
    StreamInfo info = small_info();
    info.latents = 3;
    StreamWriter writer(folder.path() / "a.ltv", info);
    EXPECT_THROW(writer.key(random_fixed(5, 1)), Error);
}

}  // namespace
}  // namespace longtake::gaussians
