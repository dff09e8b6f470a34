#include "core/device.h"
#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/column_coding.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/core/cuda_testing.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/stream_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

namespace longtake::gaussians {
namespace {

TEST(CudaCodec, TakesAFrameToTheBitsOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const FixedCloud before = random_fixed(5000, 1);
    const Residual residual = random_residual(before, 2);
    const FixedCloud after = advance(before, residual),
                     there = advance(before.to(Device::Cuda), residual.to(Device::Cuda));
    EXPECT_EQ(there.device(), Device::Cuda);
    EXPECT_TRUE(same(after, there));
    const Cloud cloud = to_cloud(after), cloud_there = to_cloud(there).to(Device::Cpu);
    for (std::size_t i = 0; i < Cloud::kColumns; ++i) {
        EXPECT_TRUE(std::ranges::equal(cloud.columns()[i]->values<float>(),
                                       cloud_there.columns()[i]->values<float>()))
            << "column " << i;
    }
}

// Blocks of several warps, rows that come and go, numbers of all sizes.
TEST(CudaCodec, PlaysAStreamToTheBitsOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const TemporaryFolder folder;
    const auto path = folder.path() / "a.ltv";
    StreamWriter writer(path, small_info());
    std::vector<FixedCloud> states{writer.key(random_fixed(40'000, 1)).cloud};
    for (unsigned frame = 1; frame < 6; ++frame) {
        Residual residual = random_residual(writer.state(), frame);
        std::mt19937 engine(frame);
        for (int32_t& v : residual.means.values<int32_t>()) {
            v = engine() % 3 == 0 ? static_cast<int32_t>(engine()) >> (engine() % 32) : 0;
        }
        for (int64_t row = 0; row < residual.count(); ++row) {
            if (row % 100 < 80) {
                std::ranges::fill(residual.sh_dc.latents.slice(row, row + 1).values<int32_t>(), 0);
            }
        }
        states.push_back(frame == 4 ? writer.key(random_fixed(50'000, 2)).cloud
                                    : writer.residual(residual));
    }
    writer.finish();
    StreamReader reader(path.string(), {.device = Device::Cuda, .verify = true});
    for (const FixedCloud& state : states) {
        ASSERT_TRUE(reader.next());
        EXPECT_EQ(reader.state().device(), Device::Cuda);
        EXPECT_TRUE(same(reader.state(), state)) << reader.frame().number;
    }
    reader.seek(2);
    ASSERT_TRUE(reader.next());
    EXPECT_TRUE(same(reader.state(), states[2]));
}

// A trainer on the GPU writes the same stream.
TEST(CudaCodec, WritesTheStreamOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const TemporaryFolder folder;
    const auto write = [&](const char* name, Device device) {
        StreamWriter writer(folder.path() / name, small_info());
        writer.key(random_fixed(5000, 1).to(device));
        EXPECT_EQ(writer.state().device(), device);
        for (unsigned frame = 1; frame < 3; ++frame) {
            writer.residual(random_residual(writer.state(), frame).to(device));
        }
        writer.finish();
        return read_text(folder.path() / name, size_t{1} << 26);
    };
    EXPECT_EQ(write("cpu.ltv", Device::Cpu), write("cuda.ltv", Device::Cuda));
}

// What is not sound is found out, and what damage leaves sound (of a number's lowest bits every
// value is) is the same on both.
TEST(CudaCodec, JudgesDamagedBlocksAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    std::mt19937 engine(1);
    const Tensor numbers = random_numbers({20'000, 3}, engine, 1000);
    const CodedColumn coded = encode_dense(numbers);
    const auto decode = [&](const std::vector<std::byte>& blocks,
                            Device device) -> std::optional<Tensor> {
        Arena arena(device);
        Tensor values = arena.allocate(numbers.shape(), DType::I32);
        ByteReader head(coded.head), words(blocks);
        try {
            const ColumnJob job{
                .code = ColumnCode::unpack(head, words, ColumnForm::Dense, 20'000, 3),
                .context = {},
                .values = &values};
            decode_columns(std::span(&job, 1), arena);
        } catch (const InputError&) {
            return std::nullopt;
        }
        return values.clone().to(Device::Cpu);
    };
    EXPECT_TRUE(same(*decode(coded.blocks, Device::Cuda), numbers));
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        std::vector<std::byte> damaged = coded.blocks;
        damaged[damaged.size() - 1 - engine() % 40'000] ^=
            static_cast<std::byte>(1 << engine() % 8);
        const auto here = decode(damaged, Device::Cpu), there = decode(damaged, Device::Cuda);
        EXPECT_EQ(here.has_value(), there.has_value());
        EXPECT_TRUE(!here || !there || same(*here, *there));
        refused += here ? 0 : 1;
    }
    EXPECT_GT(refused, 5);
}

}  // namespace
}  // namespace longtake::gaussians
