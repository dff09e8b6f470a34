#include "gaussians/codec/stream_reader.h"
#include "tests/tools/recording.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

// Where results should go there is no room, or no right to write.
namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Output : public Recording {
  protected:
    Output() { fs::copy(runner.folder / "a.spz", runner.folder / "clip/a.spz"); }
    // One line that names the file and says why, and nothing under its name.
    void expect_refused(const std::vector<std::string>& arguments, const Subprocess::Options& how,
                        const std::string& file, const std::string& why) {
        std::vector<std::string> all = arguments;
        all.insert(all.begin(), LONGTAKE_BINARY);
        const Outcome outcome = Subprocess(all, how).wait();
        EXPECT_EQ(outcome.exit_code, 2) << arguments[0] << ": " << outcome.err;
        const size_t line = outcome.err.find("longtake: ");  // behind those of progress
        ASSERT_NE(line, std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.err.find('\n', line), outcome.err.size() - 1) << outcome.err;
        EXPECT_THAT(outcome.err.substr(line), AllOf(HasSubstr(file), HasSubstr(why)));
        EXPECT_FALSE(fs::exists(runner.folder / file));
    }
};

// Files may not grow beyond this; writing then fails as it does on a full disk.
Subprocess::Options full_after(Subprocess::Options how, rlim_t bytes) {
    how.before_exec = [bytes] {
        const struct rlimit limit = {bytes, bytes};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, SIG_IGN);
    };
    return how;
}

TEST_F(Output, AFullDiskIsSaidByEveryCommand) {
    const auto checkpoint = kCheckpoints / "self_forcing_dmd.pt";
    const auto how = full_after(runner.options, 4000);
    const std::string why = "File too large";
    expect_refused({"generate", "--frames", "200", "--crf", "1", "-o", "a.mp4"}, how, "a.mp4", why);
    expect_refused({"generate", "--frames", "20", "-o", "frames/"},
                   full_after(runner.options, 1000), "frames/frame_000000.png", why);
    expect_refused(
        {"generate", "--frames", "9", "-o", "/dev/null", "--dump-latents", "l.safetensors"}, how,
        "l.safetensors", why);
    expect_refused({"convert", checkpoint.string(), "-o", "m.safetensors"}, how, "m.safetensors",
                   why);
    expect_refused({"convert", "a.spz", "-o", "a.ply"}, how, "a.ply", why);
    expect_refused({"convert", "clip/*.spz", "-o", "a.ltv"}, how, "a.ltv", why);
    expect_refused({"render", "a.spz", "-o", "walk.mp4"}, how, "walk.mp4", why);
    expect_refused({"info", "clip", "-o", "rig.png"}, how, "rig.png", why);
    expect_refused({"embed", "a red ball rolls right on green grass by day, then a blue one", "-o",
                    "rows.safetensors"},
                   full_after(runner.options, 1100), "rows.safetensors", why);
}

// What was written plays, and the same command goes on when there is room again.
TEST_F(Output, AFullDiskKeepsWhatIsEncoded) {
    const auto encode = [&](const std::string& to) { return command(to, {"--preset", "s"}); };
    ASSERT_EQ(runner.run(encode("whole.ltv")).exit_code, 0);
    const auto room = fs::file_size(runner.folder / "whole.ltv") / 2;
    expect_refused(encode("a.ltv"), full_after(runner.options, room), "a.ltv", "File too large");
    gaussians::StreamReader reader((runner.folder / "a.ltv.partial").string(), {.verify = true});
    EXPECT_TRUE(reader.next());
    EXPECT_EQ(runner.run(encode("a.ltv")).exit_code, 0);
    EXPECT_EQ(bytes("a.ltv"), bytes("whole.ltv"));
}

TEST_F(Output, AFolderThatMayNotBeWrittenTo) {
    const fs::path locked = runner.folder / "locked";
    fs::create_directory(locked);
    fs::permissions(locked, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::group_read |
                                fs::perms::group_exec | fs::perms::others_read |
                                fs::perms::others_exec);
    fs::permissions(runner.folder.path(), fs::perms::all);
    Subprocess::Options how = runner.options;
    how.before_exec = [] {  // root may write anywhere
        constexpr unsigned kNobody = 65534;
        if (::getuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
            ::_exit(3);
        }
    };
    const std::string why = "ermission denied";
    expect_refused({"generate", "--frames", "9", "-o", "locked/a.mp4"}, how, "locked/a.mp4", why);
    expect_refused({"convert", "a.spz", "-o", "locked/a.ply"}, how, "locked/a.ply", why);
    expect_refused({"convert", "clip/*.spz", "-o", "locked/a.ltv"}, how, "locked/a.ltv", why);
    expect_refused({"render", "a.spz", "-o", "locked/walk.mp4"}, how, "locked/walk.mp4", why);
    expect_refused({"doctor", "--bundle", "locked/report.txt"}, how, "locked/report.txt", why);
}

}  // namespace
}  // namespace longtake
