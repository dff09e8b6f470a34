#include "core/video_reader.h"

#include "core/error.h"
#include "core/image.h"
#include "core/video_writer.h"
#include "tests/core/media_testing.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

VideoOptions sized(int64_t height, int64_t width) {
    VideoOptions options;
    options.height = height;
    options.width = width;
    return options;
}

void write_video(const std::string& path, int64_t frames, const VideoOptions& options) {
    const auto writer = make_frame_writer(path, options);
    writer->write(synthetic_frames(0, frames, options.height, options.width));
    writer->finish();
}

TEST(VideoReader, TellsSizeAndRateAndEnds) {
    const TemporaryFolder folder;
    VideoOptions options = sized(64, 98);
    options.frame_rate = {25, 2};
    write_video(folder / "a.mp4", 3, options);
    VideoReader reader(folder / "a.mp4");
    EXPECT_EQ(reader.height(), 64);
    EXPECT_EQ(reader.width(), 98);
    EXPECT_EQ(reader.frame_rate(), (FrameRate{25, 2}));
    for (int i = 0; i < 3; ++i) {
        const auto frame = reader.next();
        ASSERT_TRUE(frame.has_value());
        EXPECT_EQ(frame->shape(), Shape({64, 98, 3}));
    }
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.next().has_value());
}

TEST(VideoReader, IsBounded) {
    const TemporaryFolder folder;
    write_video(folder / "a.mp4", 5, sized(64, 64));
    EXPECT_EQ(read_video(folder / "a.mp4", 5).extent(0), 5);
    EXPECT_THROW(read_video(folder / "a.mp4", 4), InputError);
}

TEST(VideoReader, ForeignOrMissingFilesAreRefused) {
    const TemporaryFolder folder;
    std::ofstream(folder / "text.mp4") << "this is no video";
    std::ofstream(folder / "empty.mp4").close();
    for (const char* name : {"text.mp4", "empty.mp4", "absent.mp4"}) {
        EXPECT_THROW(VideoReader(folder / name), InputError) << name;
    }
    EXPECT_THROW(VideoReader(folder.path()), InputError);
}

TEST(VideoReader, AFileThatWasCutOffEndsEarly) {
    const TemporaryFolder folder;
    VideoOptions options = sized(64, 64);
    options.group = 4;
    write_video(folder / "a.mkv", 40, options);
    std::filesystem::resize_file(folder / "a.mkv",
                                 std::filesystem::file_size(folder / "a.mkv") * 2 / 3);
    const Tensor video = read_video(folder / "a.mkv", 40);
    EXPECT_GT(video.extent(0), 10);
    EXPECT_LT(video.extent(0), 40);
}

// Damage at every place of a small file ends in an InputError or in frames, never otherwise.
TEST(VideoReader, SurvivesDamage) {
    const TemporaryFolder folder;
    write_video(folder / "a.mp4", 8, sized(48, 64));
    std::ifstream in(folder / "a.mp4", std::ios::binary);
    const std::string sound{std::istreambuf_iterator<char>(in), {}};
    int refused = 0;
    for (size_t i = 0; i < 200; ++i) {
        std::string bytes = sound;
        for (size_t k = 0; k < 4; ++k) {
            bytes[(i * bytes.size() / 200 + k * 7) % bytes.size()] = static_cast<char>(i * 37 + k);
        }
        std::ofstream(folder / "b.mp4", std::ios::binary) << bytes;
        try {
            read_video(folder / "b.mp4", 1000);
        } catch (const InputError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 0);
}

TEST(ReadImage, TakesPngAndOthers) {
    const TemporaryFolder folder;
    const Tensor image = synthetic_frames(0, 1, 48, 64).reshape({48, 64, 3});
    write_png(folder / "a.png", image);
    EXPECT_TRUE(same_bytes(read_image(folder / "a.png"), image));
    VideoOptions options = sized(48, 64);
    options.codec = "mjpeg";
    options.pixel_format = "yuvj444p";
    write_video(folder / "a.mkv", 1, options);
    // The only packet of that file is a JPEG image.
    std::ifstream in(folder / "a.mkv", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::ofstream(folder / "a.jpg", std::ios::binary) << bytes.substr(bytes.find("\xff\xd8\xff"));
    const Tensor jpeg = read_image(folder / "a.jpg");
    EXPECT_GT(psnr(jpeg, image), 25);
    EXPECT_THROW(read_image(folder / "absent.jpg"), InputError);
}

}  // namespace
}  // namespace longtake
