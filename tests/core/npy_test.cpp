#include "core/npy.h"

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace longtake {
namespace {

using ::testing::HasSubstr;

std::string complaint(std::span<const std::byte> bytes) {
    try {
        parse_npy(bytes);
    } catch (const InputError& e) {
        return e.what();
    }
    return "";
}

TEST(Npy, ComesBackAsItWas) {
    const std::array<float, 6> values{1, -2.5F, 3, 0, 1e30F, 6};
    const NpyArray table = parse_npy(to_npy({2, 3}, values));
    EXPECT_EQ(table.shape, Shape({2, 3}));
    EXPECT_EQ(table.values, (std::vector<double>{1, -2.5, 3, 0, static_cast<double>(1e30F), 6}));
    const std::array<int32_t, 2> numbers{-7, 1 << 30};
    EXPECT_EQ(parse_npy(to_npy({2}, numbers)).values, (std::vector<double>{-7, 1 << 30}));
    const std::array flags{true, false};
    EXPECT_EQ(parse_npy(to_npy({1, 2}, flags)).values, (std::vector<double>{1, 0}));
    const std::array<float, 1> scalar{16};
    EXPECT_EQ(parse_npy(to_npy({}, scalar)).shape.rank(), 0u);
}

TEST(Npy, ValuesBeginAtAMultipleOf64Bytes) {
    const std::array<float, 1> one{1};
    EXPECT_EQ(to_npy({1}, one).size() % 64, sizeof(float));
}

TEST(Npy, BadInput) {
    const std::array<float, 4> values{1, 2, 3, 4};
    const auto sound = to_npy({2, 2}, values);
    for (size_t size = 0; size < sound.size(); ++size) {
        EXPECT_NE(complaint(std::span(sound).first(size)), "") << size;
    }
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string text(reinterpret_cast<const char*>(sound.data()), sound.size());
        text.replace(text.find(from), from.size(), to);
        return complaint(std::as_bytes(std::span(text)));
    };
    EXPECT_THAT(changed("(2, 2)", "(9, 9)"), HasSubstr("promises [9, 9] numbers"));
    EXPECT_THAT(changed("(2, 2), }      ", "(999999999, 99)"), HasSubstr("promises"));
    EXPECT_THAT(changed("(2, 2), }         ", "(9999999999, 9), }"), HasSubstr("proportion"));
    EXPECT_THAT(changed("<f4", "|O8"), HasSubstr("little-endian numbers"));
    EXPECT_THAT(changed("False", "True "), HasSubstr("C order"));
}

TEST(Npz, WhatNumpySavedAndWhatWeSave) {
    const TemporaryFolder folder;
    for (const char* name : {"plain", "wantrack"}) {  // stored and compressed
        const auto file =
            MappedFile::open(std::string(LONGTAKE_TEST_FIXTURES "/tracks/") + name + ".npz");
        const auto arrays = parse_npz(file->bytes());
        const auto& places = arrays.at(name == std::string("plain") ? "tracks" : "track_points");
        EXPECT_EQ(places.shape.back(), 2);
        EXPECT_EQ(places.values.back(), 100 + 20);
        EXPECT_EQ(places.values[places.values.size() - 2], 200 + 40);
    }
    const std::array<float, 2> values{1, 2};
    write_npz(folder / "a.npz", {{"b", to_npy({2}, values)}, {"c", to_npy({1, 2}, values)}});
    const auto file = MappedFile::open(folder / "a.npz");
    const auto arrays = parse_npz(file->bytes());
    ASSERT_EQ(arrays.size(), 2u);
    EXPECT_EQ(arrays.at("c").shape, Shape({1, 2}));
    for (size_t size = 0; size < file->bytes().size(); size += 3) {
        EXPECT_THROW(parse_npz(file->bytes().first(size)), InputError) << size;
    }
}

}  // namespace
}  // namespace longtake
