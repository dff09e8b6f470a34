#include "core/error.h"
#include "core/file.h"
#include "diffusion/weights/tensor_file.h"
#include "tests/core/temporary_folder.h"
#include "tests/core/zip_testing.h"
#include "tests/diffusion/testing.h"

#include <gmock/gmock.h>

#include <bit>
#include <filesystem>
#include <random>
#include <string>

namespace longtake::diffusion {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kTorchFiles =
    std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "checkpoints";

// What opening the file, or reading a tensor of it, complains about.
std::string torch_complaint(const std::filesystem::path& path, const std::string& tensor = "") {
    try {
        const auto file = TensorFile::open(path);
        if (!tensor.empty()) {
            file->tensor(tensor);
        }
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

class TorchFileOfProtocol : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TorchFile, TorchFileOfProtocol, testing::Values(2, 5));

TEST_P(TorchFileOfProtocol, HoldsTheSameBitsAsSafetensors) {
    const auto file = TensorFile::open(kTorchFiles / fmt::format("everything_{}.pt", GetParam()));
    const auto expected = TensorFile::open(kTorchFiles / "everything.safetensors");
    EXPECT_EQ(file->format(), "PyTorch, state_dict");
    ASSERT_EQ(expected->names().size(), 15u);
    for (const std::string& name : expected->names()) {
        EXPECT_EQ(file->info(name).shape, expected->info(name).shape) << name;
        EXPECT_EQ(file->info(name).dtype, expected->info(name).dtype) << name;
        EXPECT_TRUE(same_bits(file->tensor(name), expected->tensor(name))) << name;
    }
}

TEST(TorchFile, LeavesStoragesInTheFile) {
    Tensor table, rows;
    {
        const auto file = TensorFile::open(kTorchFiles / "everything_2.pt");
        table = file->tensor("fp32");
        rows = file->tensor("rows");
        EXPECT_NE(file->tensor("column").raw(), table.slice(0, 1).raw());
    }
    const Tensor& view = rows;  // shares the storage, past its first row, when the file is closed
    EXPECT_EQ(view.raw(), static_cast<const Tensor&>(table).data<float>() + 6);
    EXPECT_EQ(view.data<float>()[0], 6.F);
}

TEST(TorchFile, AnUnsupportedTypeMattersOnlyWhenAskedFor) {
    EXPECT_EQ(torch_complaint(kTorchFiles / "everything_2.pt", "fp32"), "no complaint");
    EXPECT_THAT(torch_complaint(kTorchFiles / "everything_2.pt", "double"), HasSubstr("float64"));
    EXPECT_THAT(torch_complaint(kTorchFiles / "everything_2.pt", "absent"), HasSubstr("no tensor"));
}

TEST(TorchFile, PrefersTheAveragedModel) {
    const auto file = TensorFile::open(kTorchFiles / "self_forcing_dmd.pt");
    EXPECT_EQ(file->format(), "PyTorch, generator_ema");
    EXPECT_GT(max_abs(file->tensor(file->names().front())), 0.F);  // "generator" is all zero
}

TEST(TorchFile, SaysWhatElseAFileIs) {
    const TemporaryFolder folder;
    EXPECT_THAT(torch_complaint(kTorchFiles / "legacy.pt"), HasSubstr("before version 1.6"));
    EXPECT_THAT(torch_complaint(kTorchFiles / "program.pt"), HasSubstr("TorchScript"));
    for (const auto& [bytes, said] :
         {std::pair<std::string, const char*>{
              "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "git lfs pull"},
          {"<!DOCTYPE html><title>404</title>", "web page"},
          {"GGUF" + std::string(64, '\0'), "GGUF"},
          {std::string(257, 'a') + "ustar" + std::string(100, ' '), "before version 1.6"},
          {zip_of({{"readme.txt", "hello"}}), "without a PyTorch checkpoint"}}) {
        EXPECT_THAT(torch_complaint(write_bytes(folder / "file.pt", bytes)), HasSubstr(said));
    }
}

// ---- hostile files

// A literal with the zeros in it.
template <size_t N> std::string bytes(const char (&text)[N]) {
    return {text, N - 1};
}

std::string storage(const std::string& elements = "K\x08", const std::string& key = "0") {
    return bytes("(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0") + key +
           bytes("X\x03\0\0\0cpu") + elements + "tQ";
}

std::string number(int64_t value) {
    return "\x8a\x08" + little(static_cast<uint64_t>(value), 8);
}

std::string tuple_of(const std::vector<int64_t>& values) {
    std::string text = "(";
    for (const int64_t v : values) {
        text += number(v);
    }
    return text + "t";
}

// {"w": a view of a storage of 8 floats}
std::string view(int64_t offset, const std::vector<int64_t>& sizes,
                 const std::vector<int64_t>& strides, const std::string& of = storage()) {
    return bytes("\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(") + of +
           number(offset) + tuple_of(sizes) + tuple_of(strides) + "\x89}tRs.";
}

std::string torch_zip(const std::string& pickle, bool wide = false) {
    std::string floats;
    for (uint32_t i = 0; i < 8; ++i) {
        floats += little(0x3f800000 + (i << 20), 4);
    }
    return zip_of({{"a/data.pkl", pickle}, {"a/data/0", floats}, {"a/version", "3\n"}}, wide);
}

TEST(TorchFile, ReadsWhatTheTestsBuild) {
    const TemporaryFolder folder;
    for (const bool wide : {false, true}) {
        const auto path = write_bytes(folder / "w.pt", torch_zip(view(1, {2, 3}, {4, 1}), wide));
        const Tensor w = TensorFile::open(path)->tensor("w");
        EXPECT_EQ(w.shape(), Shape({2, 3}));
        EXPECT_EQ(w.data<float>()[3], TensorFile::open(path)->tensor("w").data<float>()[3]);
        EXPECT_EQ(std::bit_cast<uint32_t>(w.data<float>()[3]), 0x3f800000u + (5u << 20));
    }
}

struct Hostile {
    const char* name;
    std::string file;
    const char* reason;
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
    *out << hostile.name;
}

std::string calling(const std::string& what) {
    return torch_zip("\x80\x02" + what + bytes("(X\x02\0\0\0lstR."));
}

std::string spoiled(std::string text, size_t from_end, const std::string& with) {
    return text.replace(text.size() - from_end, with.size(), with);
}

const std::string kSound = torch_zip(view(0, {8}, {1}));
const std::string kList = bytes("]q\0");  // an empty list, remembered

const std::vector<Hostile> kHostile{
    {"System", calling("cposix\nsystem\n"), "refuses to call posix.system"},
    {"Eval", calling("c__builtin__\neval\n"), "refuses to call __builtin__.eval"},
    {"StackGlobal", torch_zip(bytes("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.")),
     "os.system"},
    {"LoadFromBytes", calling("ctorch.storage\n_load_from_bytes\n"), "_load_from_bytes"},
    {"Import", calling("cimportlib\nimport_module\n"), "importlib.import_module"},
    {"NameWithNewlines", torch_zip(bytes("\x80\x04\x8c\x03o\ns\x8c\x01x\x93.")), "o\\ns.x"},
    {"Instance", torch_zip("(iposix\nsystem\n."), "opcode 0x69"},
    {"Object", torch_zip("(cposix\nsystem\no."), "posix.system"},
    {"Extension", torch_zip("\x82\x01."), "opcode 0x82"},
    {"PersistentText", torch_zip("P0\n."), "opcode 0x50"},
    {"CallsAList", torch_zip("])R."), "wrongly"},
    {"CallsAType", torch_zip("ctorch\nfloat32\n)R."), "wrongly"},
    {"FilledOrderedDict", torch_zip(kList + "]a0ccollections\nOrderedDict\nh" + bytes("\0\x85R.")),
     "OrderedDict"},
    {"AttributesOfATensor", torch_zip(view(0, {8}, {1}).substr(0, 3) + "]}b."), "attributes"},
    {"NotADict", torch_zip("]."), "no dict of tensors"},
    {"NoTensors", torch_zip("}."), "no named tensors"},
    {"Endless", torch_zip("}"), "ends too early"},
    {"StackUnderflow", torch_zip("0."), "broken"},
    {"NothingLeft", torch_zip("."), "broken"},
    {"MarkLeft", torch_zip("}(."), "broken"},
    {"PopsBeneathAMark", torch_zip("}(0."), "broken"},
    {"NoMark", torch_zip("}u."), "broken"},
    {"MemoOfNothing", torch_zip("h\x05."), "refers to nothing"},
    {"TextTooLong", torch_zip("X\xff\xff\xff\xff."), "ends too early"},
    {"HugeText", torch_zip(bytes("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.")), "ends too early"},
    {"HugeNumber", torch_zip(bytes("\x8a\x09\0\0\0\0\0\0\0\0\0.")), "9 bytes"},
    {"AppendsToADict", torch_zip("}Na."), "list"},
    {"OddItems", torch_zip("}(Nu."), "dict"},
    {"Protocol", torch_zip("\x80\x09}."), "version 9"},
    {"AHundredMillionValues", torch_zip(std::string(size_t{5} << 20, 'N')), "more than"},
    {"PastTheEnd", torch_zip(view(0, {9}, {1})), "past the end"},
    {"OffsetPastTheEnd", torch_zip(view(8, {1}, {1})), "past the end"},
    {"HugeOffset", torch_zip(view(INT64_MAX, {1}, {1})), "past the end"},
    {"StridesPastTheEnd", torch_zip(view(0, {2, 2}, {7, 1})), "past the end"},
    {"HugeStride", torch_zip(view(0, {2, 2}, {INT64_MAX, INT64_MAX})), "past the end"},
    {"Expanded", torch_zip(view(0, {1 << 30, 1 << 30}, {0, 0})), "past the end"},
    {"HugeAndEmpty", torch_zip(view(0, {0, INT64_MAX, INT64_MAX}, {1, 1, 1})), "past the end"},
    {"NegativeSize", torch_zip(view(0, {-1}, {1})), "-1"},
    {"NegativeStride", torch_zip(view(7, {8}, {-1})), "-1"},
    {"NegativeOffset", torch_zip(view(-1, {1}, {1})), "wrongly"},
    {"RankTooHigh", torch_zip(view(0, std::vector<int64_t>(9, 1), std::vector<int64_t>(9, 1))),
     "rank 9"},
    {"StridesMissing", torch_zip(view(0, {2, 2}, {1})), "wrongly"},
    {"StorageTooLarge", torch_zip(view(0, {8}, {1}, storage("K\x09"))), "9 elements it claims"},
    {"StorageMissing", torch_zip(view(0, {8}, {1}, storage("K\x08", "7"))),
     "entry \"a/data/7\" is missing"},
    {"NotAZip", "PK\x03\x04" + std::string(100, ' '), "cut off"},
    {"Compressed",
     zip_of({{"a/data.pkl", view(0, {8}, {1}), 8}, {"a/data/0", std::string(32, ' ')}}),
     "compressed"},
    {"EntryPastTheEnd", zip_of({{"a/data.pkl", "}.", 0, 1 << 20}}), "past the end of the file"},
    {"EntryTwice", zip_of({{"a/data.pkl", "}."}, {"a/data.pkl", "}."}}), "twice"},
    {"TwoPickles", zip_of({{"a/data.pkl", "}."}, {"b/data.pkl", "}."}}), "two checkpoints"},
    {"ManyEntries", spoiled(kSound, 12, "\xff\xff"), "claims 65535 entries"},
    {"DirectoryOutside", spoiled(kSound, 6, "\xff\xff\xff\x7f"), "outside the file"},
    {"BigEndian", zip_of({{"a/data.pkl", "}."}, {"a/byteorder", "big"}}), "big-endian"},
};

class HostileTorchFile : public testing::TestWithParam<Hostile> {};
INSTANTIATE_TEST_SUITE_P(All, HostileTorchFile, testing::ValuesIn(kHostile),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(HostileTorchFile, IsRefusedInOneLineWithTheReason) {
    const TemporaryFolder folder;
    const std::string said = torch_complaint(write_bytes(folder / "file.pt", GetParam().file));
    EXPECT_THAT(said, HasSubstr("file.pt"));
    EXPECT_THAT(said, HasSubstr(GetParam().reason));
    EXPECT_THAT(said, Not(HasSubstr("\n")));
}

TEST(TorchFile, ACyclicPickleIsHarmless) {
    const TemporaryFolder folder;
    const std::string cycle =  // d = {}; d["model"] = d; d["w"] = tensor
        bytes("\x80\x02}q\0X\x05\0\0\0modelh\0s") + view(0, {8}, {1}).substr(3);
    EXPECT_EQ(torch_complaint(write_bytes(folder / "file.pt", torch_zip(cycle)), "w"),
              "no complaint");
}

// Whatever is cut off or altered: the file opens and all of its tensors can be read, or one line
// says why not.
void expect_read_or_refused(const std::filesystem::path& path) {
    try {
        const auto file = TensorFile::open(path);
        for (const std::string& name : file->names()) {
            try {
                max_abs(file->tensor(name).to(DType::F32));
            } catch (const InputError&) {
            } catch (const Error& e) {
                EXPECT_THAT(e.what(), HasSubstr("convert"));  // whole numbers
            }
        }
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), Not(HasSubstr("\n")));
    }
}

TEST(TorchFile, EveryTruncationIsRefused) {
    const TemporaryFolder folder;
    const std::string whole = read_text(kTorchFiles / "everything_2.pt");
    for (size_t length = 4; length < whole.size(); length += 7) {
        const auto path = write_bytes(folder / "file.pt", whole.substr(0, length));
        EXPECT_THAT(torch_complaint(path), HasSubstr("cut off")) << length;
    }
}

TEST(TorchFile, AlteredBytesDoNoHarm) {
    const TemporaryFolder folder;
    for (const char* name : {"everything_2.pt", "everything_5.pt"}) {
        const std::string whole = read_text(kTorchFiles / name);
        std::mt19937 random(5);
        for (int i = 0; i < 1500; ++i) {
            std::string altered = whole;
            for (int changes = 0; changes < 3; ++changes) {
                altered[random() % altered.size()] = static_cast<char>(random());
            }
            expect_read_or_refused(write_bytes(folder / "file.pt", altered));
        }
    }
}

}  // namespace
}  // namespace longtake::diffusion
