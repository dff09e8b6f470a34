#include "interactive/volume/volume_loader.h"

#include "core/error.h"
#include "gaussians/formats/cloud_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/cloud_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>

namespace longtake::interactive {
namespace {

using ::testing::HasSubstr;

const std::string kStream =
    (std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv").string();

std::string refusal_of(const std::string& address) {
    try {
        VolumeSource::open(address);
    } catch (const InputError& e) {
        return e.what();
    }
    return "nothing";
}

class CountingSource : public VolumeSource {
  public:
    CountingSource() { info_.frames = 100; }
    std::vector<int64_t> read_frames;
    std::atomic<int64_t> bad = -1;

  protected:
    void load(int64_t frame, VolumeFrame& into) override {
        read_frames.push_back(frame);
        if (frame == bad) {
            fail_input("frame {} is damaged", frame);
        }
        into.bytes = frame;
    }
};

TEST(VolumeSource, AStreamsFramesSayWhatTheyDid) {
    const auto source = VolumeSource::open(kStream);
    const VolumeInfo& info = source->info();
    EXPECT_EQ(info.name, "toyworld.ltv");
    EXPECT_EQ(info.frames, 48);
    ASSERT_EQ(info.frame_bytes.size(), 48U);
    EXPECT_EQ(info.keys[0], 1);
    EXPECT_FALSE(info.cameras.empty());
    const VolumeFrame first = source->read(0);
    EXPECT_TRUE(first.key);
    EXPECT_EQ(first.bytes, info.frame_bytes[0]);
    EXPECT_EQ(first.splats.marks.data<uint8_t>()[0], static_cast<uint8_t>(Mark::Fresh));
    const VolumeFrame later = source->read(7);
    EXPECT_FALSE(later.key);
    const auto marks = later.splats.marks.values<uint8_t>();
    const auto marked = std::ranges::count_if(marks, [](uint8_t m) { return m != 0; });
    EXPECT_EQ(marked, later.changed);
    EXPECT_EQ(std::ranges::count(marks, static_cast<uint8_t>(Mark::Moved)), later.columns[0]);
    EXPECT_GT(later.columns[0], 0);
    EXPECT_LT(marked, later.splats.count());
    // Back, and the same again.
    const VolumeFrame again = source->read(0);
    EXPECT_TRUE(
        std::ranges::equal(again.splats.means.values<float>(), first.splats.means.values<float>()));
}

TEST(VolumeSource, FilesAndFolders) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "clip");
    for (int i = 0; i < 3; ++i) {
        gaussians::write_cloud(folder / fmt::format("clip/{}.ply", i),
                               gaussians::random_cloud(10 + i, 1));
    }
    gaussians::write_cloud(folder / "one.spz", gaussians::random_cloud(50, 0));
    const auto still = VolumeSource::open((folder / "one.spz").string());
    EXPECT_EQ(still->info().frames, 1);
    EXPECT_EQ(still->read(0).splats.count(), 50);
    EXPECT_THAT(still->info().format, HasSubstr("SPZ"));
    const auto clip = VolumeSource::open((folder / "clip").string());
    ASSERT_EQ(clip->info().frames, 3);
    for (const int64_t i : {0, 2, 1}) {
        EXPECT_EQ(clip->read(i).splats.count(), 10 + i);
    }
    EXPECT_TRUE(VolumeSource::suits((folder / "clip").string()));
    EXPECT_TRUE(VolumeSource::suits((folder / "one.spz").string()));
    EXPECT_TRUE(VolumeSource::suits(kStream));
}

TEST(VolumeSource, SaysWhyThereIsNothingToSee) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a.ply") << "nonsense";
    std::filesystem::create_directory(folder / "empty");
    EXPECT_THAT(refusal_of((folder / "none.ply").string()), HasSubstr("none.ply"));
    EXPECT_THAT(refusal_of((folder / "a.ply").string()), HasSubstr("a.ply"));
    EXPECT_THAT(refusal_of((folder / "empty").string()), HasSubstr("no file of Gaussians"));
    for (const char* name : {"none.ply", "a.ply", "empty"}) {
        EXPECT_FALSE(VolumeSource::suits((folder / name).string())) << name;
    }
}

TEST(VolumeLoader, ReadsWhatIsWantedFirstAndForgetsTheRest) {
    auto owned = std::make_unique<CountingSource>();
    auto& source = *owned;
    VolumeLoader loader(std::move(owned));
    loader.pump();  // nothing is wanted
    loader.want({5, 6, 7});
    EXPECT_EQ(loader.get(5), nullptr);
    for (int i = 0; i < 5; ++i) {
        loader.pump();
    }
    EXPECT_EQ(source.read_frames, (std::vector<int64_t>{5, 6, 7}));
    loader.want({6, 7, 8});
    EXPECT_EQ(loader.get(5), nullptr);
    EXPECT_EQ(loader.get(7)->bytes, 7);
    loader.pump();
    EXPECT_EQ(source.read_frames.back(), 8);
}

TEST(VolumeLoader, ADamagedFrameIsSaidOnceAndStandsStill) {
    auto owned = std::make_unique<CountingSource>();
    owned->bad = 1;
    VolumeLoader loader(std::move(owned));
    loader.want({0, 1, 2});
    for (int i = 0; i < 4; ++i) {
        loader.pump();
    }
    EXPECT_EQ(loader.take_complaints(), std::vector<std::string>{"frame 1 is damaged"});
    EXPECT_TRUE(loader.take_complaints().empty());
    EXPECT_EQ(loader.get(1)->bytes, 0);  // the one before
    EXPECT_EQ(loader.get(2)->bytes, 2);
}

TEST(VolumeLoader, WorksOnAThread) {
    VolumeLoader loader(std::make_unique<CountingSource>());
    std::atomic<int> there = 0;
    loader.start([&] { ++there; });
    for (int64_t frame = 0; frame < 50; ++frame) {
        loader.want({frame, frame + 1});
        for (int i = 0; i < 2000 && loader.get(frame) == nullptr; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ASSERT_NE(loader.get(frame), nullptr);
        EXPECT_EQ(loader.get(frame)->bytes, frame);
    }
    EXPECT_GE(there, 50);
}

}  // namespace
}  // namespace longtake::interactive
