#include "core/video_reader.h"

#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "core/video_writer.h"
#include "tests/core/free_port.h"
#include "tests/core/media_testing.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

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

// Answers each call with the next of some recordings, cuts it off when that is sent, and answers no
// call more.
class LiveServer {
  public:
    explicit LiveServer(std::vector<std::string> recordings) : recordings_(std::move(recordings)) {
        const OwnPort own;
        listener_ = own.socket;
        address_ = fmt::format("http://127.0.0.1:{}/camera", own.port);
        ::listen(listener_, 8);
        thread_ = std::thread([this] {
            for (const std::string& recording : recordings_) {
                const int socket = ::accept(listener_, nullptr, nullptr);
                std::array<char, 4096> request{};
                ::recv(socket, request.data(), request.size(), 0);
                const std::string answer = "HTTP/1.0 200 OK\r\n\r\n" + recording;
                ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
                ::close(socket);
            }
            ::close(listener_);
        });
    }
    ~LiveServer() { thread_.join(); }
    LiveServer(const LiveServer&) = delete;
    LiveServer& operator=(const LiveServer&) = delete;

    const std::string& address() const { return address_; }

  private:
    std::vector<std::string> recordings_;
    int listener_ = -1;
    std::string address_;
    std::thread thread_;
};

TEST(VideoReader, ACameraThatHungUpIsCalledAgain) {
    const TemporaryFolder folder;
    std::vector<std::string> recordings;
    for (const char* name : {"a.ts", "b.ts"}) {
        write_video(folder / name, 12, sized(64, 96));
        recordings.push_back(read_text(folder / name, 1 << 20));
    }
    const LiveServer camera({recordings[0], "", recordings[1]});
    VideoReader reader(camera.address(), VideoReader::Growing::Yes);
    const auto frames = [&] {
        int64_t count = 0;
        while (reader.next()) {
            ++count;
        }
        return count;
    };
    const int64_t before = frames();
    EXPECT_GE(before, 10);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.go_on());  // it says nothing
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.go_on());
    EXPECT_EQ(frames(), before);
    EXPECT_FALSE(reader.go_on());  // nobody is there
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
