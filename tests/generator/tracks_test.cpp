#include "generator/tracks/tracks.h"

#include "core/error.h"
#include "core/file.h"
#include "generator/tracks/track_file.h"
#include "generator/tracks/track_log.h"
#include "generator/tracks/track_picture.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kTrackFiles = LONGTAKE_TEST_FIXTURES "/tracks/";
constexpr TrackFrame kTrackedTake{.width = 640, .height = 480, .frame_rate = 16};

// Points go to the right by 10 pixels a frame, from (100 n, 50 n); the last cannot be seen in the
// frame in the middle.
Tracks moving(int64_t frames = 5, int64_t points = 3) {
    std::vector<int32_t> ids;
    for (int64_t n = 0; n < points; ++n) {
        ids.push_back(static_cast<int32_t>(n));
    }
    Tracks tracks(frames, std::move(ids));
    for (int64_t t = 0; t < frames; ++t) {
        for (int64_t n = 0; n < points; ++n) {
            const bool visible = n + 1 < points || t != frames / 2;
            tracks.at(t, n) = {visible ? static_cast<float>(100 * n + 10 * t) : 0,
                               visible ? static_cast<float>(50 * n + 5 * t) : 0, visible};
        }
    }
    return tracks;
}

void expect_near(const Tracks& a, const Tracks& b, float tolerance) {
    ASSERT_EQ(a.frames(), b.frames());
    ASSERT_EQ(a.points(), b.points());
    for (int64_t t = 0; t < a.frames(); ++t) {
        for (int64_t n = 0; n < a.points(); ++n) {
            const TrackPoint &p = a.at(t, n), &q = b.at(t, n);
            EXPECT_EQ(p.visible, q.visible) << t << " " << n;
            if (p.visible && q.visible) {
                EXPECT_NEAR(p.x, q.x, tolerance) << t << " " << n;
                EXPECT_NEAR(p.y, q.y, tolerance) << t << " " << n;
            }
        }
    }
}

TEST(Tracks, CutAndJoinedTheyAreWhatTheyWere) {
    const Tracks all = moving(9, 4);
    const std::array parts{cut(all, 0, 4), cut(all, 4, 1), cut(all, 5, 4)};
    EXPECT_EQ(parts[1].points(), 3);  // the last is not visible in frame 4
    EXPECT_EQ(joined(parts), all);
    EXPECT_TRUE(cut(all, 9, 4).empty());
    EXPECT_EQ(cut(all, -2, 4).at(2, 0), all.at(0, 0));
}

TEST(Tracks, AtAnotherRateTheyMoveAsFast) {
    const Tracks half = resampled(moving(5, 1), 0.5);
    ASSERT_EQ(half.frames(), 9);
    EXPECT_FLOAT_EQ(half.at(1, 0).x, 5);
    EXPECT_FALSE(half.at(3, 0).visible);  // frame 2 is not
    EXPECT_TRUE(half.at(2, 0).visible);
    EXPECT_EQ(resampled(moving(), 1), moving());
    EXPECT_EQ(resampled(moving(5, 3), 4).frames(), 2);
}

TEST(Tracks, TwoPointsWithOneIdAreRefused) {
    EXPECT_THROW(Tracks(1, {3, 3}), Error);
}

TEST(TrackFile, WhatOthersSave) {
    const Tracks wantrack = read_tracks(kTrackFiles + "wantrack.npz", kTrackedTake);
    expect_near(wantrack, moving(), 0);
    EXPECT_THAT(wantrack.ids(), ::testing::ElementsAre(7, 5, 3));
    expect_near(read_tracks(kTrackFiles + "plain.npz", kTrackedTake), moving(), 0.1F);
    expect_near(read_tracks(kTrackFiles + "tracks.npy", kTrackedTake), moving(), 0);
    // Wan-Move's are at 16 frames a second.
    EXPECT_EQ(read_tracks(kTrackFiles + "tracks.npy", {640, 480, 32}).frames(), 9);
    // ATI's at 24; 100 frames of 121 are there.
    const Tracks ati = read_tracks(kTrackFiles + "ati.pth", {640, 480, 24});
    ASSERT_EQ(ati.frames(), 121);
    EXPECT_EQ(ati.at(99, 1), (TrackPoint{199, 149, true}));
    EXPECT_FALSE(ati.at(100, 1).visible);
}

TEST(TrackFile, ComesBackThroughEveryFormat) {
    const TemporaryFolder folder;
    Tracks seen = moving(17, 2);
    seen.at(8, 1) = {180, 90, true};  // all visible, since not all formats can say otherwise
    for (const char* name : {"a.npz", "a.npy", "tracks.npy", "a.json"}) {
        write_tracks(folder / name, seen, kTrackedTake);
        expect_near(read_tracks(folder / name, kTrackedTake), seen, 0);
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "visibility.npy"));
    write_tracks(folder / "a.npz", moving(), kTrackedTake);
    EXPECT_EQ(read_tracks(folder / "a.npz", kTrackedTake), moving());
    // Of another picture and rate than the take.
    const Tracks scaled_up = read_tracks(folder / "a.npz", {1280, 480, 8});
    ASSERT_EQ(scaled_up.frames(), 3);
    EXPECT_FLOAT_EQ(scaled_up.at(2, 1).x, 2 * (100 + 40));
    // Places of ATI are eighths of a pixel at 24 frames a second, five seconds long.
    const TrackFrame ati{.width = 640, .height = 480, .frame_rate = 24};
    write_tracks(folder / "a.pth", moving(121, 3), ati);
    expect_near(read_tracks(folder / "a.pth", ati), moving(121, 3), 1e-3F);
    // Tora's are whole pixels of 256 x 256, in five seconds.
    Tracks one(81, {0});
    for (int64_t t = 0; t < 81; ++t) {
        one.at(t, 0) = {static_cast<float>(5 * t), static_cast<float>(t), true};
    }
    write_tracks(folder / "a.txt", one, kTrackedTake);
    expect_near(read_tracks(folder / "a.txt", kTrackedTake), one, 640.0F / 256 / 2 + 1e-3F);
    // DragAnything's take five seconds, however many places they have.
    write_tracks(folder / "a.drag.json", moving(81, 2), kTrackedTake);
    Tracks held = moving(81, 2);
    held.at(40, 1) = held.at(39, 1);  // it cannot say that a point is not visible
    expect_near(read_tracks(folder / "a.drag.json", kTrackedTake), held, 1e-3F);
    EXPECT_EQ(open_tracks(folder / "a.drag.json").format, "DragAnything");
}

TEST(TrackFile, PathsWithoutTimeTakeFiveSeconds) {
    const TemporaryFolder folder;
    std::ofstream(folder / "tora.txt") << "0,0\n128,64\n256,256\n";
    const Tracks tora = read_tracks(folder / "tora.txt", kTrackedTake);
    ASSERT_EQ(tora.frames(), 81);
    EXPECT_EQ(tora.at(40, 0), (TrackPoint{320, 120, true}));
    EXPECT_EQ(tora.at(80, 0), (TrackPoint{640, 480, true}));
    std::ofstream(folder / "drag.json")
        << R"({"1": {"comment": "ball", "mask_name": "1.png", "trajectory": [[0,0],[10,0],[20,0]]},
               "2": {"trajectory": [[5,5],[5,25]]}})";
    const Tracks drag = read_tracks(folder / "drag.json", kTrackedTake);
    ASSERT_EQ(drag.frames(), 81);
    ASSERT_EQ(drag.points(), 2);
    EXPECT_NEAR(drag.at(40, 0).x, 10, 1e-4);
    EXPECT_NEAR(drag.at(40, 1).y, 15, 1e-4);
    EXPECT_TRUE(is_track_file(folder / "tora.txt"));
    std::ofstream(folder / "prompts.txt") << "0s: a red ball, at 3,4\n";
    EXPECT_FALSE(is_track_file(folder / "prompts.txt"));
    EXPECT_TRUE(is_track_file(folder / "drag.json"));
    std::ofstream(folder / "transforms.json") << R"({"frames": []})";
    EXPECT_FALSE(is_track_file(folder / "transforms.json"));
    EXPECT_TRUE(is_track_file(kTrackFiles + "ati.pth"));
    EXPECT_FALSE(is_track_file(LONGTAKE_TEST_FIXTURES "/checkpoints/taew2_1.pth"));
}

TEST(TrackFile, ComfyWritesWithSingleQuotes) {
    const TemporaryFolder folder;
    std::ofstream(folder / "a.json") << "[{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]";
    const Tracks tracks = read_tracks(folder / "a.json", kTrackedTake);
    ASSERT_EQ(tracks.points(), 1);
    EXPECT_EQ(tracks.at(1, 0), (TrackPoint{3, 4, true}));
}

std::string repeated(const std::string& item, int times) {
    std::string list = item;
    for (int i = 1; i < times; ++i) {
        list += "," + item;
    }
    return list;
}

std::string many_objects(int count) {
    std::string objects;
    for (int i = 0; i < count; ++i) {
        objects += "\"" + std::to_string(i) + "\": {\"trajectory\": [[1,1]]},";
    }
    return objects;
}

TEST(TrackFile, BadInputIsOneLineThatNamesTheFile) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& name, const std::string& content,
                            const std::string& said) {
        std::ofstream(folder / name) << content;
        try {
            read_tracks(folder / name, kTrackedTake);
            ADD_FAILURE() << name << ": " << content;
        } catch (const InputError& e) {
            EXPECT_THAT(e.what(), HasSubstr(name));
            EXPECT_THAT(e.what(), HasSubstr(said));
            EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
        }
    };
    expect("a.json", "", "no JSON");
    expect("a.json", "[]", "no list of places");
    expect("a.json", "[[]]", "no places");
    expect("a.json", "[[{\"x\": 1}]]", "no {\"x\"");
    std::string lopsided = "[[";  // bytes for 12,000 places, memory for 48 million
    for (int i = 0; i < 8000; ++i) {
        lopsided += std::string(i == 0 ? "" : ",") + "{\"x\":1,\"y\":2}";
    }
    lopsided += "]";
    for (int i = 0; i < 6000; ++i) {
        lopsided += ",[]";
    }
    expect("a.json", lopsided + "]", "6001 points are in 8000 frames: out of all proportion");
    expect("a.json", "[{\"x\": 1, \"y\": 1e300}]", "a place is");
    expect("a.json", "{\"1\": {}}", "no trajectory");
    expect("a.json", "{\"1\": {\"trajectory\": []}}", "no trajectory");
    expect("a.json",
           "{" + many_objects(20'000) + "\"last\": {\"trajectory\": [" + repeated("[1,1]", 20'000) +
               "]}}",
           "out of all proportion");
    expect("a.txt", "1,2\n", "two places");
    expect("a.txt", "1;2\n3;4\n", "no \"x,y\"");
    expect("a.txt", "nan,1\n3,4\n", "no \"x,y\"");
    expect("a.npz", "PK", "");
    expect("a.npy", "x", "no array of NumPy");
    expect("a.pth", "x", "");
    expect("a.mp4", "x", "tracks are .npz");
    EXPECT_THROW(read_tracks(folder / "missing.npz", kTrackedTake), InputError);
    for (const char* name : {"wantrack.npz", "ati.pth", "tracks.npy"}) {
        const auto file = MappedFile::open(kTrackFiles + name);
        const std::string whole(reinterpret_cast<const char*>(file->bytes().data()),
                                file->bytes().size());
        for (size_t size = 0; size < whole.size(); size += 13) {
            expect(std::string("cut") + std::filesystem::path(name).extension().string(),
                   whole.substr(0, size), "");
        }
    }
}

TEST(TrackFile, NothingHalfWrittenStays) {
    const TemporaryFolder folder;
    EXPECT_THROW(write_tracks(folder / "a.txt", moving(), kTrackedTake), InputError);
    EXPECT_THROW(write_tracks(folder / "a.mp4", moving(), kTrackedTake), InputError);
    EXPECT_THROW(write_tracks(folder / "a.npz", {}, kTrackedTake), InputError);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(TrackFile, ARateThatMakesAFewPlacesManyIsRefused) {
    const TemporaryFolder folder;
    write_tracks(folder / "slow.npz", Tracks(1'000'000, {0}), {64, 48, 0.2});
    EXPECT_THAT([&] { read_tracks(folder / "slow.npz", kTrackedTake); },
                ::testing::ThrowsMessage<InputError>(HasSubstr("out of all proportion")));
}

// The colour of a pixel of the preview at a place of the picture.
std::array<int, 3> colour_at(const Tensor& picture, double x, double y) {
    const double scale = static_cast<double>(picture.extent(1)) / (1.5 * kTrackedTake.width);
    const auto column = static_cast<int64_t>(scale * (x + 0.25 * kTrackedTake.width));
    const auto row = static_cast<int64_t>(scale * (y + 0.25 * kTrackedTake.height));
    const uint8_t* p = picture.data<uint8_t>() + 3 * (row * picture.extent(1) + column);
    return {p[0], p[1], p[2]};
}

TEST(TrackPicture, ShowsWhatStaysWhatMovesAndWhatLiesOutside) {
    Tracks tracks(41, {0, 1, 2});
    for (int64_t t = 0; t < 41; ++t) {
        tracks.at(t, 0) = {100, 100, true};
        tracks.at(t, 1) = {200 + 5 * static_cast<float>(t), 300, t < 20 || t > 30};
        tracks.at(t, 2) = {-100, -50, true};
    }
    const Tensor picture = track_picture(tracks, kTrackedTake);
    const auto ground = colour_at(picture, 50, 240), rest = colour_at(picture, 100, 100);
    EXPECT_GT(rest[0], rest[2] + 100);
    EXPECT_EQ(colour_at(picture, -100, -50), rest);
    const auto early = colour_at(picture, 220, 300), late = colour_at(picture, 390, 300);
    EXPECT_GT(early[2], early[0]);
    EXPECT_GT(late[2], early[2] + 50);
    EXPECT_EQ(colour_at(picture, 325, 300), ground);  // not visible then
}

TEST(TrackPicture, LaysWhatWasAskedAndWhatWasFoundOnAVideo) {
    Tensor frames = Tensor::zeros({2, 48, 64, 3}, DType::U8);
    Tracks asked(3, {0}), found(3, {0});
    for (int64_t t = 0; t < 3; ++t) {
        asked.at(t, 0) = {20, 10, true};
        found.at(t, 0) = {40, 30, t == 2};
    }
    draw_tracks(frames, 1, asked, found);
    const auto at = [&](int64_t t, int64_t x, int64_t y) {
        const uint8_t* p = frames.data<uint8_t>() + 3 * ((t * 48 + y) * 64 + x);
        return std::array<int, 3>{p[0], p[1], p[2]};
    };
    EXPECT_GT(at(0, 20, 10)[2], 200);  // cyan
    EXPECT_EQ(at(0, 40, 30)[0], 0);
    EXPECT_GT(at(1, 40, 30)[0], 200);  // yellow
    EXPECT_EQ(at(1, 40, 30)[2], 0);
}

TEST(TrackLog, ComesBackToTheBit) {
    const TemporaryFolder folder;
    Tracks odd = moving(2, 3);
    odd.at(0, 0).x = 0.1F;
    odd.at(1, 1).y = 1.0F / 3;
    std::ofstream(folder / "a.jsonl") << line_of({0, moving()}) << line_of({33, odd}) << "{\"half";
    const auto chunks = read_track_log(folder / "a.jsonl");
    ASSERT_EQ(chunks.size(), 2u);
    EXPECT_EQ(chunks[0].tracks, moving());
    EXPECT_EQ(chunks[1].frame, 33);
    EXPECT_EQ(chunks[1].tracks, odd);
    std::ofstream(folder / "b.jsonl") << line_of({3, moving()}) << line_of({3, moving()});
    EXPECT_THROW(read_track_log(folder / "b.jsonl"), InputError);
    std::ofstream(folder / "c.jsonl") << R"({"frame":0,"frames":99999999,"ids":[],"places":[]})"
                                      << "\n";
    EXPECT_THROW(read_track_log(folder / "c.jsonl"), InputError);
}

}  // namespace
}  // namespace longtake::generator
