#include "core/safetensors.h"

#include "core/error.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A file with this header and so many zero bytes of data.
std::filesystem::path write_raw(const TemporaryFolder& folder, const std::string& header,
                                size_t data_bytes, uint64_t claimed = 0) {
    const std::filesystem::path path = folder / "raw.safetensors";
    std::ofstream out(path, std::ios::binary);
    const uint64_t length = claimed == 0 ? header.size() : claimed;
    for (size_t i = 0; i < 8; ++i) {
        out.put(static_cast<char>(length >> (8 * i)));
    }
    out << header << std::string(data_bytes, '\0');
    return path;
}

TEST(Safetensors, RoundTripKeepsNamesShapesValuesAndMetadata) {
    const TemporaryFolder folder;
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    Tensor small = Tensor::zeros({3}, DType::U8);
    small.data<uint8_t>()[2] = 9;
    write_safetensors(folder / "a.safetensors",
                      {{"small", small},
                       {"w", Tensor::from(values, {2, 3})},
                       {"half", Tensor::from(values, {6}).to(DType::BF16)},
                       {"none", Tensor::zeros({0, 4})},
                       {"long", Tensor::zeros({1}, DType::I64)}},
                      {{"format", "pt"}});
    EXPECT_EQ(folder.size(), 1u);
    const auto file = SafetensorsFile::open(folder / "a.safetensors");
    EXPECT_THAT(file->names(), ElementsAre("half", "long", "none", "small", "w"));
    EXPECT_EQ(file->metadata().at("format"), "pt");
    EXPECT_EQ(file->info("w").shape, Shape({2, 3}));
    EXPECT_EQ(file->info("half").dtype, DType::BF16);
    EXPECT_EQ(file->info("none").shape, Shape({0, 4}));
    const Tensor w = file->tensor("w"), s = file->tensor("small");
    EXPECT_TRUE(std::equal(values.begin(), values.end(), w.values<float>().begin()));
    EXPECT_EQ(s.data<uint8_t>()[2], 9);
}

TEST(Safetensors, TensorsShareTheMappingAndKeepItAlive) {
    const TemporaryFolder folder;
    write_safetensors(folder / "a", {{"w", Tensor::from(std::vector<float>{7}, {1})}});
    Tensor w, again;
    {
        const auto file = SafetensorsFile::open(folder / "a");
        w = file->tensor("w");
        again = file->tensor("w");
    }
    EXPECT_EQ(w.raw(), again.raw());
    EXPECT_EQ(std::as_const(w).data<float>()[0], 7.0f);
}

TEST(Safetensors, UnalignedElementsAreCopied) {
    const TemporaryFolder folder;
    const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                               R"("b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})";
    const auto file = SafetensorsFile::open(write_raw(folder, header, 9));
    const Tensor b = file->tensor("b");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(b.raw()) % 4, 0u);
    EXPECT_EQ(b.data<float>()[1], 0.0f);
}

TEST(Safetensors, AnUnknownTypeMattersOnlyWhenAskedFor) {
    const TemporaryFolder folder;
    const std::string header = R"({"a":{"dtype":"F8_E5M2","shape":[3],"data_offsets":[0,3]},)"
                               R"("b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})";
    const auto file = SafetensorsFile::open(write_raw(folder, header, 4));
    EXPECT_EQ(file->tensor("b").count(), 1);
    EXPECT_THROW(file->info("a"), InputError);
    EXPECT_THROW(file->tensor("a"), InputError);
    EXPECT_THROW(file->tensor("c"), InputError);
}

struct Hostile {
    const char* name;
    std::string header;
    size_t data_bytes;
    const char* reason;
    uint64_t claimed = 0;
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
    *out << hostile.name;
}

class HostileSafetensors : public testing::TestWithParam<Hostile> {};

TEST_P(HostileSafetensors, IsRefusedWithTheFileAndTheReason) {
    const TemporaryFolder folder;
    const Hostile& h = GetParam();
    const auto path = write_raw(folder, h.header, h.data_bytes, h.claimed);
    try {
        SafetensorsFile::open(path);
        FAIL() << "accepted";
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr(path.string()));
        EXPECT_THAT(e.what(), HasSubstr(h.reason));
        EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
}

std::string f32(const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileSafetensors,
    testing::Values(
        Hostile{"HeaderLengthAbsurd", "{}", 0, "header would be", ~uint64_t{0}},
        Hostile{"HeaderTruncated", "{}", 0, "ends inside its header", 100},
        Hostile{"NotJson", "{\"a\":", 0, "not the expected JSON"},
        Hostile{"NotUtf8", "{\"\xff\":1}", 0, "not the expected JSON"},
        Hostile{"NotAnObject", "[1]", 0, "not a JSON object"},
        Hostile{"EntryNotAnObject", R"({"a":3})", 0, "not the expected JSON"},
        Hostile{"FieldMissing", R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "JSON"},
        Hostile{"MetadataNotText", R"({"__metadata__":{"a":1}})", 0, "JSON"},
        Hostile{"DataTruncated", f32("[2]", "[0,8]"), 7, "past the end"},
        Hostile{"DataLeftOver", f32("[2]", "[0,8]"), 9, "belong to no tensor"},
        Hostile{"Reversed", f32("[1]", "[4,0]"), 4, "ends before it begins"},
        Hostile{"OutOfRange", f32("[1]", "[18446744073709551612,18446744073709551615]"), 4, "past"},
        Hostile{"OffsetsNotAPair", f32("[1]", "[0,4,8]"), 8, "not a pair"},
        Hostile{"NegativeOffset", f32("[1]", "[-4,0]"), 4, "whole number"},
        Hostile{"FractionalOffset", f32("[1]", "[0,4.0]"), 4, "whole number"},
        Hostile{"WrongSize", f32("[3]", "[0,8]"), 8, "does not fit"},
        Hostile{"NegativeExtent", f32("[-1]", "[0,4]"), 4, "whole number"},
        Hostile{"ExtentsOverflow", f32("[4294967296,4294967296,4294967296]", "[0,4]"), 4,
                "too large"},
        Hostile{"ExtentBeyondInt64", f32("[18446744073709551615]", "[0,4]"), 4, "too large"},
        Hostile{"Gap", f32("[1]", "[4,8]"), 8, "leaves a gap"},
        Hostile{"Overlap",
                R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                6, "overlaps"},
        Hostile{"RepeatedTensor",
                R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
                0, "repeats \"a\""},
        Hostile{"RepeatedField",
                R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0,
                "repeats"},
        Hostile{"BottomlessNesting", std::string(1 << 20, '['), 0, "too deeply"},
        Hostile{"NewlineInAName",
                "{\"a\\nb\":{\"dtype\":\"U8\",\"shape\":[1],"
                "\"data_offsets\":[0,1]}}",
                0, "past the end"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Safetensors, MissingEmptyOrFolderIsRefused) {
    const TemporaryFolder folder;
    std::ofstream(folder / "empty").close();
    EXPECT_THROW(SafetensorsFile::open(folder / "absent"), InputError);
    EXPECT_THROW(SafetensorsFile::open(folder / "empty"), InputError);
    EXPECT_THROW(SafetensorsFile::open(folder.path()), InputError);
}

TEST(Safetensors, AFailedWriteLeavesTheOldFileAndNothingElse) {
    const TemporaryFolder folder;
    const Tensor one = Tensor::from(std::vector<float>{1}, {1});
    write_safetensors(folder / "a", {{"x", one}});
    EXPECT_THROW(write_safetensors(folder / "a", {{"y", one}, {"y", one}}), Error);
    EXPECT_THROW(write_safetensors(folder / "no/such/a", {{"y", one}}), InputError);
    EXPECT_TRUE(SafetensorsFile::open(folder / "a")->contains("x"));
    EXPECT_EQ(folder.size(), 1u);
}

TEST(Safetensors, WritesTensorByTensorInAnAlignedOrder) {
    const TemporaryFolder folder;
    const Tensor wide = Tensor::from(std::vector<float>{1, 2}, {2});
    const Tensor narrow = Tensor::zeros({3}, DType::F8E4M3);
    const auto writer = [&] {
        return std::make_unique<SafetensorsWriter>(
            folder / "a", std::vector<SafetensorsWriter::Entry>{{"narrow", {DType::F8E4M3, {3}}},
                                                                {"wide", {DType::F32, {2}}}});
    };
    auto whole = writer();
    ASSERT_EQ(whole->order()[0].first, "wide");
    EXPECT_THROW(whole->write(narrow), Error);  // not what comes first
    whole->write(wide);
    EXPECT_THROW(whole->commit(), Error);
    whole->write(narrow);
    EXPECT_THROW(whole->write(narrow), Error);
    whole->commit();
    EXPECT_EQ(SafetensorsFile::open(folder / "a")->tensor("narrow").dtype(), DType::F8E4M3);
    EXPECT_EQ(SafetensorsFile::open(folder / "a")->tensor("wide").count(), 2);
    auto abandoned = writer();
    abandoned->write(wide);
    abandoned.reset();
    EXPECT_EQ(folder.size(), 1u);
}

}  // namespace
}  // namespace longtake
