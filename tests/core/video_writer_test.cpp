#include "core/video_writer.h"

#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "core/video_reader.h"
#include "tests/core/media_testing.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int64_t kHeight = 96, kWidth = 160;

VideoOptions small(FrameRate rate = {16, 1}) {
    VideoOptions options;
    options.height = kHeight;
    options.width = kWidth;
    options.frame_rate = rate;
    return options;
}

// Writes `count` frames in chunks of 12 and finishes.
void write_video(const std::string& destination, int64_t count, const VideoOptions& options) {
    const auto writer = make_frame_writer(destination, options);
    for (int64_t t = 0; t < count; t += 12) {
        writer->write(synthetic_frames(t, std::min<int64_t>(12, count - t), kHeight, kWidth));
    }
    writer->finish();
}

template <typename Action> std::string input_error(Action&& action) {
    try {
        action();
    } catch (const InputError& e) {
        return e.what();
    }
    return "no InputError";
}

TEST(VideoWriter, LosslessRoundTripIsExact) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.mkv";
    VideoOptions options = small();
    options.codec = "ffv1";
    write_video(path, 30, options);
    EXPECT_TRUE(same_bytes(read_video(path, 100), synthetic_frames(0, 30, kHeight, kWidth)));
    EXPECT_EQ(folder.size(), 1u);
}

struct Lossy {
    const char* codec;
    const char* encoder;
    const char* file;
    double least_db;
};

void PrintTo(const Lossy& lossy, std::ostream* out) {
    *out << lossy.codec;
}

class LossyCodec : public testing::TestWithParam<Lossy> {};

TEST_P(LossyCodec, LooksRightAndSaysWhatItsColoursMean) {
    const Lossy& lossy = GetParam();
    if (!has_encoder(lossy.encoder)) {
        GTEST_SKIP() << "this FFmpeg has no " << lossy.encoder;
    }
    const TemporaryFolder folder;
    const std::string path = folder / lossy.file;
    VideoOptions options = small();
    options.codec = lossy.codec;
    write_video(path, 24, options);
    EXPECT_GT(psnr(read_video(path, 100), synthetic_frames(0, 24, kHeight, kWidth)),
              lossy.least_db);
    const ProbedVideo video = probe(path);
    EXPECT_EQ(video.packets.size(), 24u);
    EXPECT_EQ(video.primaries, 1);
    EXPECT_EQ(video.transfer, 1);
    EXPECT_EQ(video.matrix, 1);
    EXPECT_EQ(video.range, 1);
}

INSTANTIATE_TEST_SUITE_P(All, LossyCodec,
                         testing::Values(Lossy{"h264", "libx264", "a.mp4", 38},
                                         Lossy{"h265", "libx265", "a.mp4", 35},
                                         Lossy{"av1", "libaom-av1", "a.mp4", 35},
                                         Lossy{"vp9", "libvpx-vp9", "a.webm", 35}),
                         [](const auto& tested) { return std::string(tested.param.codec); });

// Saturated primaries tell the BT.709 matrix from BT.601 and limited range from full.
TEST(VideoWriter, PrimaryColoursSurviveTheMatrix) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.mp4";
    Tensor frames = Tensor::zeros({2, kHeight, kWidth, 3}, DType::U8);
    const uint8_t colours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
    for (int64_t i = 0; i < frames.count(); ++i) {
        frames.data<uint8_t>()[i] = colours[i / 3 % kWidth * 4 / kWidth][i % 3];
    }
    {
        const auto writer = make_frame_writer(path, small());
        writer->write(frames);
        writer->finish();
    }
    const Tensor back = read_video(path, 2);
    for (int64_t patch = 0; patch < 4; ++patch) {
        const int64_t at = (kHeight / 2 * kWidth + patch * kWidth / 4 + kWidth / 8) * 3;
        for (int64_t c = 0; c < 3; ++c) {
            EXPECT_NEAR(back.data<uint8_t>()[at + c], colours[patch][c], 4)
                << "patch " << patch << " channel " << c;
        }
    }
}

class ExactTimes : public testing::TestWithParam<FrameRate> {};

TEST_P(ExactTimes, EveryFrameHasItsPlaceAndLength) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.mp4";
    write_video(path, 61, small(GetParam()));
    const ProbedVideo video = probe(path);
    ASSERT_EQ(video.packets.size(), 61u);
    EXPECT_TRUE(video.faststart);
    for (size_t i = 0; i < video.packets.size(); ++i) {
        // pts * time_base = i / rate, in whole numbers
        const int64_t left = video.packets[i].pts * video.time_base_num * GetParam().numerator;
        const int64_t frame = int64_t{video.time_base_den} * GetParam().denominator;
        EXPECT_EQ(left, static_cast<int64_t>(i) * frame) << "frame " << i;
        EXPECT_EQ(video.packets[i].duration * video.time_base_num * GetParam().numerator, frame);
    }
    EXPECT_EQ(VideoReader(path).frame_rate(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, ExactTimes,
                         testing::Values(FrameRate{16, 1}, FrameRate{24, 1},
                                         FrameRate{30000, 1001}));

TEST(VideoWriter, KeyframesComeEveryGroup) {
    const TemporaryFolder folder;
    VideoOptions options = small();
    options.group = 12;
    write_video(folder / "a.mp4", 36, options);
    const ProbedVideo video = probe(folder / "a.mp4");
    for (size_t i = 0; i < video.packets.size(); ++i) {
        EXPECT_EQ(video.packets[i].key, i % 12 == 0) << "frame " << i;
    }
}

// Writes frames in a child process that then dies by SIGKILL.
void write_and_die(const std::string& path, int64_t count, const VideoOptions& options) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            const auto writer = make_frame_writer(path, options);
            for (int64_t t = 0; t < count; ++t) {
                writer->write(synthetic_frames(t, 1, kHeight, kWidth));
            }
        } catch (const std::exception&) {
            ::_exit(1);
        }
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

class KilledTake : public testing::TestWithParam<const char*> {};

TEST_P(KilledTake, LeavesAPlayablePartialFileAndNothingElse) {
    const TemporaryFolder folder;
    const std::string path = folder / GetParam();
    VideoOptions options = small();
    options.group = 12;
    write_and_die(path, 100, options);
    EXPECT_FALSE(fs::exists(path));
    EXPECT_EQ(folder.size(), 1u);
    const Tensor video = read_video(path + ".partial", 1000);
    EXPECT_GE(video.extent(0), 100 - options.group);
    EXPECT_GT(psnr(video, synthetic_frames(0, video.extent(0), kHeight, kWidth)), 35);
}

INSTANTIATE_TEST_SUITE_P(All, KilledTake, testing::Values("a.mp4", "a.mov", "a.mkv"),
                         [](const auto& tested) { return std::string(tested.param + 2); });

TEST(VideoWriter, AnAbandonedTakeKeepsEveryFrameInThePartialFile) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.mp4";
    {
        const auto writer = make_frame_writer(path, small());
        writer->write(synthetic_frames(0, 21, kHeight, kWidth));
    }
    EXPECT_FALSE(fs::exists(path));
    EXPECT_EQ(read_video(path + ".partial", 100).extent(0), 21);
}

TEST(VideoWriter, ATakeWithoutFramesLeavesNothing) {
    const TemporaryFolder folder;
    { const auto abandoned = make_frame_writer(folder / "a.mp4", small()); }
    make_frame_writer(folder / "b.mp4", small())->finish();
    EXPECT_EQ(folder.size(), 0u);
}

TEST(VideoWriter, AnOlderFileStaysUntilTheEnd) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a.mp4") << "older";
    const auto writer = make_frame_writer(folder / "a.mp4", small());
    writer->write(synthetic_frames(0, 20, kHeight, kWidth));
    EXPECT_EQ(fs::file_size(folder / "a.mp4"), 5u);
    writer->finish();
    EXPECT_EQ(read_video(folder / "a.mp4", 100).extent(0), 20);
    EXPECT_EQ(folder.size(), 1u);
    EXPECT_THROW(writer->write(synthetic_frames(0, 1, kHeight, kWidth)), Error);
    EXPECT_THROW(writer->finish(), Error);
}

TEST(VideoWriter, AFolderGetsNumberedImages) {
    const TemporaryFolder folder;
    const std::string frames = (folder / "new/frames/").string();
    write_video(frames, 14, small());
    const Tensor expected = synthetic_frames(13, 1, kHeight, kWidth);
    const Tensor image = read_png(frames + "frame_000013.png");
    EXPECT_TRUE(same_bytes(image, expected.reshape({kHeight, kWidth, 3})));
    EXPECT_FALSE(fs::exists(frames + "frame_000014.png"));
    EXPECT_THAT(input_error([&] { make_frame_writer(frames, small()); }),
                HasSubstr("already holds frames"));
}

TEST(VideoWriter, WrongFramesAreRefused) {
    const TemporaryFolder folder;
    const auto writer = make_frame_writer(folder / "a.mp4", small());
    EXPECT_THROW(writer->write(synthetic_frames(0, 1, kHeight, kWidth / 2)), Error);
    EXPECT_THROW(writer->write(Tensor::zeros({1, kHeight, kWidth, 3})), Error);
}

TEST(VideoWriter, UnusableDestinationsAndOptionsAreTheUsersToMend) {
    const TemporaryFolder folder;
    const auto error = [&](const std::string& destination, auto change) {
        VideoOptions options = small();
        change(options);
        return input_error([&] { make_frame_writer(destination, options); });
    };
    const auto nothing = [](VideoOptions&) {};
    const std::string mp4 = folder / "a.mp4";
    EXPECT_THAT(error("", nothing), HasSubstr("no destination"));
    EXPECT_THAT(error("a.doc", nothing), HasSubstr("a.doc"));
    EXPECT_THAT(error("gopher://x", nothing), HasSubstr("rtmp://"));
    EXPECT_THAT(error(folder / "no/such/a.mp4", nothing), HasSubstr("No such file"));
    EXPECT_THAT(error("/proc/frames/", nothing), HasSubstr("/proc/frames"));
    EXPECT_THAT(error("-", [](auto& o) { o.stream_format = "gif"; }), HasSubstr("gif"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.codec = "h26x"; }), HasSubstr("no encoder for 'h26x'"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.codec = "aac"; }), HasSubstr("no encoder for 'aac'"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.preset = "swift"; }), HasSubstr("swift"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.pixel_format = "pink"; }), HasSubstr("pink"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.width = 161; }), HasSubstr("even"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.width = 0; }), HasSubstr("0x96"));
    EXPECT_THAT(error(mp4, [](auto& o) { o.codec = "ffv1"; }), HasSubstr("does not take ffv1"));
    EXPECT_THAT(error(folder / "a.mkv", [](auto& o) { o.codec = "ffv1", o.crf = 3; }),
                HasSubstr("has no crf"));
    EXPECT_EQ(folder.size(), 0u);
}

TEST(VideoWriter, AFullDiskIsReportedInOneLine) {
    if (!fs::exists("/dev/full")) {
        GTEST_SKIP() << "this machine has no /dev/full";
    }
    try {
        const auto writer = make_frame_writer("/dev/full", small());
        for (int i = 0; i < 100; ++i) {
            writer->write(synthetic_frames(0, 12, kHeight, kWidth));
        }
        FAIL() << "nobody noticed";
    } catch (const Error& e) {
        EXPECT_THAT(e.what(), HasSubstr("/dev/full: No space left on device"));
        EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
}

// A limit on the size of files stands in for a disk that fills up halfway.
TEST(VideoWriter, WhatWasWrittenBeforeTheDiskFilledUpStaysPlayable) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.mp4", report = folder / "report";
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit limit{40000, 40000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        ::signal(SIGXFSZ, SIG_IGN);
        try {
            write_video(path, 600, small());
        } catch (const Error& e) {
            std::ofstream(report) << e.what();
        }
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(fs::exists(path));
    EXPECT_THAT(read_text(report), HasSubstr("File too large; the frames before are in " + path));
    const Tensor video = read_video(path + ".partial", 1000);
    EXPECT_GT(video.extent(0), 16);
    EXPECT_LT(video.extent(0), 600);
}

TEST(FrameRate, IsExact) {
    EXPECT_EQ(FrameRate::parse("16"), (FrameRate{16, 1}));
    EXPECT_EQ(FrameRate::parse("30000/1001"), (FrameRate{30000, 1001}));
    EXPECT_EQ(FrameRate::parse("23.976"), (FrameRate{24000, 1001}));
    EXPECT_EQ(FrameRate::parse("29.97"), (FrameRate{30000, 1001}));
    EXPECT_EQ(FrameRate::parse("59.94"), (FrameRate{60000, 1001}));
    EXPECT_EQ(FrameRate::parse("12.5"), (FrameRate{25, 2}));
    EXPECT_EQ(FrameRate::parse("24.00"), (FrameRate{24, 1}));
    for (const char* text : {"", "0", "-1", "x", "16fps", "1/0", "1e3", ".5x", "99999999"}) {
        EXPECT_THROW(FrameRate::parse(text), InputError) << text;
    }
}

}  // namespace
}  // namespace longtake
