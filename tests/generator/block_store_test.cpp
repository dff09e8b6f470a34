#include "generator/cache/block_store.h"

#include "core/error.h"
#include "generator/noise.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <cstring>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

constexpr int kLayers = 3;
const Shape kLayer{4, 32, 128};  // a block is 192 KiB

// What layer `layer` of block `number` holds.
Tensor content(int64_t number, int layer) {
    Tensor t(kLayer, DType::F32);
    fill_gaussian(
        {.seed = 3, .chunk = static_cast<uint64_t>(number), .step = static_cast<uint32_t>(layer)},
        t.values<float>());
    return t;
}

void add(BlockStore& store, int64_t number, int64_t now) {
    const BlockStore::Block& block = store.add(number, now, number);
    for (int layer = 0; layer < kLayers; ++layer) {
        Tensor to = store.in_memory(block, layer);
        std::memcpy(to.raw(), content(number, layer).raw(), to.bytes());
    }
}

bool intact(const BlockStore& store, const BlockStore::Block& block) {
    for (int layer = 0; layer < kLayers; ++layer) {
        Tensor read(kLayer, DType::F32);
        if (block.host < 0) {
            store.read(block, layer, read);
        } else {
            read = store.in_memory(block, layer);
        }
        if (std::memcmp(read.raw(), content(block.number, layer).raw(), read.bytes()) != 0) {
            return false;
        }
    }
    return true;
}

// Four blocks in memory, ten in the file.
BlockStore small(const TemporaryFolder& folder) {
    return BlockStore(kLayer, DType::F32, kLayers, 1,
                      {.host_mib = 1, .disk_mib = 2, .folder = folder.path()}, Device::Cpu);
}

TEST(BlockStore, ComesBackFromTheFileToTheBit) {
    const TemporaryFolder folder;
    BlockStore store = small(folder);
    EXPECT_EQ(store.capacity(), 14);
    EXPECT_EQ(folder.size(), 0u);  // the file has no name: nothing can stay behind
    for (int64_t number = 0; number < 40; ++number) {
        add(store, number, number);
        int in_memory = 0;
        for (const auto& block : store.blocks()) {
            EXPECT_TRUE(intact(store, block)) << block.number << " after " << number;
            in_memory += block.host >= 0;
        }
        EXPECT_EQ(in_memory, std::min<int64_t>(4, number + 1));
        EXPECT_EQ(std::ssize(store.blocks()), std::min<int64_t>(14, number + 1));
    }
}

TEST(BlockStore, WhatWasAskedForStays) {
    const TemporaryFolder folder;
    BlockStore store = small(folder);
    for (int64_t number = 0; number < 30; ++number) {
        add(store, number, number);
        store.ask(0, number);
    }
    EXPECT_EQ(store.block(0).number, 0);
    EXPECT_GE(store.block(0).host, 0);  // not even in the file
    EXPECT_THROW(store.block(1), Error);
}

TEST(BlockStore, ACopyIsWhole) {
    const TemporaryFolder folder;
    BlockStore store = small(folder), copy = small(folder);
    for (int64_t number = 0; number < 12; ++number) {
        add(store, number, number);
    }
    copy.copy_from(store);
    for (int64_t number = 12; number < 24; ++number) {  // and a store of its own
        add(store, number, number);
    }
    EXPECT_EQ(std::ssize(copy.blocks()), 12);
    for (const auto& block : copy.blocks()) {
        EXPECT_TRUE(intact(copy, block)) << block.number;
    }
    for (int64_t number = 12; number < 30; ++number) {
        add(copy, number, number);
    }
    for (const auto& block : copy.blocks()) {
        EXPECT_TRUE(intact(copy, block)) << block.number;
    }
}

std::string refusal(const BlockBudget& budget) {
    try {
        const BlockStore store(kLayer, DType::F32, kLayers, 8, budget, Device::Cpu);
    } catch (const InputError& e) {
        return e.what();
    }
    return "";
}

// Of files this process may write; back to what it was.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, SIG_DFL);
    }

  private:
    rlimit before_{};
};

TEST(BlockStore, RefusesBeforeItBegins) {
    const TemporaryFolder folder;
    EXPECT_THAT(refusal({.host_mib = 1}), HasSubstr("use host=2 or more"));
    EXPECT_EQ(refusal({.host_mib = 2}), "");
    EXPECT_THAT(refusal({.host_mib = 2, .disk_mib = 1, .folder = folder / "none"}),
                HasSubstr("none is not a folder"));
    EXPECT_THAT(refusal({.host_mib = 2, .disk_mib = 1, .folder = "/proc"}), HasSubstr("/proc"));
    const FileSizeLimit limit(3 << 20);
    EXPECT_THAT(refusal({.host_mib = 2, .disk_mib = 5, .folder = folder.path()}),
                HasSubstr("room for a file of 3 MiB, and 4 are wanted; use 3 or less"));
    EXPECT_EQ(folder.size(), 0u);
}

// A disk that had room and has none any more.
TEST(BlockStore, AFullDiskIsSaidInOneLine) {
    const TemporaryFolder folder;
    BlockStore store = small(folder);
    const FileSizeLimit limit(1 << 20);
    std::string said;
    try {
        for (int64_t number = 0; number < 14; ++number) {
            add(store, number, number);
        }
    } catch (const InputError& e) {
        said = e.what();
    }
    EXPECT_THAT(said, HasSubstr("takes no more"));
    EXPECT_THAT(said, HasSubstr(folder.path().string()));
}

}  // namespace
}  // namespace longtake::generator
