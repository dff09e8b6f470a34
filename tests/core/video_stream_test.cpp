#include "core/error.h"
#include "core/video_reader.h"
#include "core/video_writer.h"
#include "tests/core/free_port.h"
#include "tests/core/media_testing.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace longtake {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kHeight = 96, kWidth = 160, kFrames = 36;

VideoOptions small() {
    VideoOptions options;
    options.height = kHeight;
    options.width = kWidth;
    return options;
}

void write_all(FrameWriter& writer) {
    for (int64_t t = 0; t < kFrames; t += 12) {
        writer.write(synthetic_frames(t, 12, kHeight, kWidth));
    }
    writer.finish();
}

// Runs a writer to "-" in a child whose stdout is a pipe; what came through lands in `path`.
void capture_stdout(const std::string& path, const VideoOptions& options) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        try {
            write_all(*make_frame_writer("-", options));
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
            ::_exit(1);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::ofstream out(path, std::ios::binary);
    char block[65536];
    for (ssize_t n = 0; (n = ::read(ends[0], block, sizeof block)) > 0;) {
        out.write(block, n);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
}

TEST(VideoStream, StdoutCarriesAnMp4) {
    const TemporaryFolder folder;
    capture_stdout(folder / "a", small());
    const Tensor video = read_video(folder / "a", 100);
    ASSERT_EQ(video.extent(0), kFrames);
    EXPECT_GT(psnr(video, synthetic_frames(0, kFrames, kHeight, kWidth)), 35);
}

TEST(VideoStream, StdoutCarriesY4m) {
    const TemporaryFolder folder;
    VideoOptions options = small();
    options.stream_format = "y4m";
    capture_stdout(folder / "a", options);
    const Tensor video = read_video(folder / "a", 100);
    ASSERT_EQ(video.extent(0), kFrames);
    EXPECT_EQ(VideoReader(folder / "a").frame_rate(), (FrameRate{16, 1}));
}

TEST(VideoStream, StdoutCarriesTheBareFrames) {
    const TemporaryFolder folder;
    VideoOptions options = small();
    options.stream_format = "raw";
    capture_stdout(folder / "a", options);
    std::ifstream in(folder / "a", std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    const Tensor expected = synthetic_frames(0, kFrames, kHeight, kWidth);
    ASSERT_EQ(bytes.size(), expected.bytes());
    EXPECT_EQ(std::memcmp(bytes.data(), expected.raw(), bytes.size()), 0);
}

TEST(VideoStream, AReaderThatLeavesIsAnErrorAndNoCrash) {
    const TemporaryFolder folder;
    const std::string fifo = folder / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto previous = ::signal(SIGPIPE, SIG_IGN);
    const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    {
        const auto writer = make_frame_writer(fifo, small());
        ::close(reader);
        EXPECT_THROW(
            {
                for (int i = 0; i < 10; ++i) {
                    writer->write(synthetic_frames(0, 16, kHeight, kWidth));
                }
            },
            Error);
    }
    ::signal(SIGPIPE, previous);
}

// A program in the background, ended with its scope.
class Process {
  public:
    explicit Process(std::vector<std::string> arguments) {
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        if (::posix_spawnp(&pid_, argv[0], nullptr, nullptr, argv.data(), environ) != 0) {
            pid_ = -1;
        }
    }
    ~Process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }
    bool started() const { return pid_ > 0; }
    // Whether it ended in time.
    bool ends(seconds limit) {
        const auto end = Clock::now() + limit;
        while (Clock::now() < end) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = -1;
                return true;
            }
            std::this_thread::sleep_for(milliseconds(20));
        }
        return false;
    }

  private:
    pid_t pid_ = -1;
};

struct Link {
    const char* protocol;
    const char* path;                    // behind the port
    const char* listening;               // what makes the receiver wait: options behind its address
    std::vector<std::string> arguments;  // or in front
};

void PrintTo(const Link& link, std::ostream* out) {
    *out << link.protocol;
}

class VideoStreamTo : public testing::TestWithParam<Link> {};

TEST_P(VideoStreamTo, AProgramThatListens) {
    const Link& link = GetParam();
    if (!has_protocol(link.protocol)) {
        GTEST_SKIP() << "this FFmpeg has no " << link.protocol;
    }
    const TemporaryFolder folder;
    const std::string address =
        std::string(link.protocol) + "://127.0.0.1:" + std::to_string(free_port()) + link.path;
    std::vector<std::string> arguments{"ffmpeg", "-nostdin", "-y", "-loglevel", "fatal"};
    arguments.insert(arguments.end(), link.arguments.begin(), link.arguments.end());
    for (const std::string& argument :
         {std::string("-i"), address + link.listening, std::string("-c"), std::string("copy"),
          (folder / "received.mkv").string()}) {
        arguments.push_back(argument);
    }
    Process receiver(arguments);
    if (!receiver.started()) {
        GTEST_SKIP() << "there is no ffmpeg program to receive the stream";
    }
    std::unique_ptr<FrameWriter> writer;
    for (const auto end = Clock::now() + seconds(15); writer == nullptr;) {
        try {
            writer = make_frame_writer(address, small());
        } catch (const InputError& e) {  // it does not listen yet
            ASSERT_LT(Clock::now(), end) << e.what();
            std::this_thread::sleep_for(milliseconds(100));
        }
    }
    write_all(*writer);
    writer.reset();
    ASSERT_TRUE(receiver.ends(seconds(20)));
    const Tensor video = read_video(folder / "received.mkv", 100);
    EXPECT_EQ(video.extent(0), kFrames);
    EXPECT_GT(psnr(video.slice(0, 1), synthetic_frames(0, 1, kHeight, kWidth)), 35);
}

INSTANTIATE_TEST_SUITE_P(All, VideoStreamTo,
                         testing::Values(Link{"tcp", "", "?listen", {}},
                                         Link{"srt", "", "?mode=listener", {}},
                                         Link{"rtmp", "/live/take", "", {"-listen", "1"}}),
                         [](const auto& tested) { return std::string(tested.param.protocol); });

TEST(VideoStream, NobodyListeningIsReported) {
    for (const char* protocol : {"tcp", "rtmp"}) {
        const std::string address =
            std::string(protocol) + "://127.0.0.1:" + std::to_string(free_port()) + "/live";
        EXPECT_THROW(make_frame_writer(address, small()), InputError) << address;
    }
}

}  // namespace
}  // namespace longtake
