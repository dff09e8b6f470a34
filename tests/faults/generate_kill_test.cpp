#include "core/file.h"
#include "core/image.h"
#include "tests/faults/kill.h"
#include "tests/tools/longtake_runner.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstring>

// `generate`, killed at random moments: what is on the disk plays, is the beginning of the take,
// and nothing that was whole is missing from it.
namespace longtake {
namespace {

namespace fs = std::filesystem;

class GenerateKilled : public testing::Test {
  protected:
    std::vector<std::string> command(const std::string& output) const {
        return {LONGTAKE_BINARY, "generate", "--frames", "241", "-o", output};
    }
    // Makes the take once, undisturbed.
    Tensor whole(const std::string& output) {
        time_ = time_of(
            [&] { EXPECT_EQ(Subprocess(command(output), runner_.options).wait().exit_code, 0); });
        return read_video((runner_.folder / output).string(), 1000);
    }
    bool exists(const std::string& name) const { return fs::exists(runner_.folder / name); }

    const Runner runner_;
    std::chrono::duration<double> time_{};
};

size_t big_endian(std::string_view bytes, size_t at) {
    size_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
        value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
    }
    return value;
}

// Frames in those fragments of an mp4 that are whole.
int64_t frames_in_fragments(const fs::path& file) {
    const std::string bytes = read_text(file, size_t{1} << 28);
    int64_t frames = 0, promised = 0;
    for (size_t at = 0; at + 8 <= bytes.size();) {
        const size_t size = big_endian(bytes, at);
        const std::string_view kind = std::string_view(bytes).substr(at + 4, 4);
        if (size < 8 || at + size > bytes.size()) {
            break;
        }
        if (kind == "moof") {
            const size_t run = bytes.find("trun", at);
            promised = static_cast<int64_t>(big_endian(bytes, run + 8));
        } else if (kind == "mdat") {
            frames += std::exchange(promised, 0);
        }
        at += size;
    }
    return frames;
}

bool begins_with(const Tensor& all, const Tensor& start) {
    return start.bytes() <= all.bytes() && std::memcmp(all.raw(), start.raw(), start.bytes()) == 0;
}

TEST_F(GenerateKilled, AnMp4PlaysUpToItsLastWholeFragment) {
    const Tensor all = whole("whole.mp4");
    const std::string partial = "killed.mp4.partial";
    Moments moments(time_);
    for (int i = 0; i < kills(); ++i) {
        const Outcome end = killed_after(command("killed.mp4"), runner_.options, moments.next());
        if (exists("killed.mp4")) {
            EXPECT_TRUE(
                begins_with(all, read_video((runner_.folder / "killed.mp4").string(), 1000)));
            EXPECT_EQ(runner_.frames_of("killed.mp4"), all.extent(0));
            fs::remove(runner_.folder / "killed.mp4");
        } else if (exists(partial) && frames_in_fragments(runner_.folder / partial) > 0) {
            const Tensor start = read_video((runner_.folder / partial).string(), 1000);
            EXPECT_GE(start.extent(0), frames_in_fragments(runner_.folder / partial));
            EXPECT_TRUE(begins_with(all, start)) << start.extent(0);
        }
        EXPECT_TRUE(end.signal == SIGKILL || (end.exit_code == 0 && !exists(partial)))
            << end.exit_code << end.err;
    }
    EXPECT_EQ(Subprocess(command("killed.mp4"), runner_.options).wait().exit_code, 0);
    EXPECT_FALSE(exists(partial));
    EXPECT_TRUE(begins_with(all, read_video((runner_.folder / "killed.mp4").string(), 1000)));
}

TEST_F(GenerateKilled, PicturesAreWholeAndWithoutGaps) {
    const auto picture = [&](const std::string& folder, int64_t frame) {
        return runner_.folder / fmt::format("{}/frame_{:06}.png", folder, frame);
    };
    time_ = time_of(
        [&] { EXPECT_EQ(Subprocess(command("whole/"), runner_.options).wait().exit_code, 0); });
    Moments moments(time_);
    for (int i = 0; i < kills(); ++i) {
        killed_after(command("killed/"), runner_.options, moments.next());
        int64_t frame = 0;
        for (; fs::exists(picture("killed", frame)); ++frame) {
            const Tensor found = read_png(picture("killed", frame));
            EXPECT_TRUE(begins_with(read_png(picture("whole", frame)), found)) << frame;
        }
        const auto pictures = [&](const fs::directory_entry& entry) {
            return entry.path().extension() == ".png";
        };
        if (exists("killed")) {
            EXPECT_EQ(
                std::count_if(fs::directory_iterator(runner_.folder / "killed"), {}, pictures),
                frame);
        }
        fs::remove_all(runner_.folder / "killed");
    }
}

}  // namespace
}  // namespace longtake
