#include "core/arena.h"

#include "core/error.h"
#include "tests/core/allocation_counter.h"

#include <gtest/gtest.h>

#include <cstring>

namespace longtake {
namespace {

// A computation whose tensors reach 600 KB at once.
void work(Arena& arena) {
    const Arena::Scope outer(arena);
    Tensor a = arena.allocate({100, 1000}, DType::F32);
    std::memset(a.raw(), 1, a.bytes());
    for (int i = 0; i < 3; ++i) {
        const Arena::Scope inner(arena);
        Tensor b = arena.allocate({50, 1000}, DType::F32);
        std::memset(b.raw(), 2, b.bytes());
    }
    EXPECT_EQ(a.values<float>().front(), a.values<float>().back());
}

TEST(Arena, TheSteadyStateAllocatesNothing) {
    Arena arena;
    work(arena);
    work(arena);
    const size_t growths = arena.growths();
    EXPECT_GT(growths, 0u);
    {
        const AllocationCounter counter;
        work(arena);
        work(arena);
        EXPECT_EQ(counter.count(), 0u);
    }
    EXPECT_EQ(arena.growths(), growths);
    EXPECT_NEAR(static_cast<double>(arena.bytes()), 600e3, 2e3);
    EXPECT_EQ(arena.bytes(), arena.high_water());
}

TEST(Arena, TensorsAreAlignedAndApart) {
    Arena arena;
    const Tensor a = arena.allocate({3}, DType::U8), b = arena.allocate({3}, DType::F32);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(a.raw()) % Arena::kAlignment, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(b.raw()) % Arena::kAlignment, 0u);
    EXPECT_NE(a.raw(), b.raw());
    EXPECT_EQ(arena.allocate({0}, DType::F32).count(), 0);
}

TEST(Arena, GrowingLeavesEarlierTensorsAlone) {
    Arena arena;
    Tensor first = arena.allocate({16}, DType::U8);
    std::memset(first.raw(), 7, 16);
    for (int i = 1; i < 20; ++i) {
        const Tensor more = arena.allocate({int64_t{1} << i}, DType::F32);
        std::memset(const_cast<void*>(more.raw()), 1, more.bytes());
    }
    for (const uint8_t value : first.values<uint8_t>()) {
        EXPECT_EQ(value, 7);
    }
}

TEST(Arena, AScopeGivesItsMemoryBack) {
    Arena arena;
    arena.reserve(4096);
    const void* place = nullptr;
    {
        const Arena::Scope scope(arena);
        place = arena.allocate({8}, DType::F32).raw();
        EXPECT_THROW(arena.reserve(1 << 20), Error);
    }
    EXPECT_EQ(arena.allocate({8}, DType::F32).raw(), place);
    EXPECT_EQ(arena.growths(), 1u);
}

TEST(Arena, UsesTheAllocatorAndDeviceItIsGiven) {
    alignas(Arena::kAlignment) static std::byte memory[4096];
    Arena arena(Device::Cuda, [](size_t) { return std::shared_ptr<void>(memory, [](void*) {}); });
    const Tensor t = arena.allocate({4}, DType::F32);
    EXPECT_EQ(t.device(), Device::Cuda);
    EXPECT_EQ(t.raw(), memory);
}

TEST(AllocationCounter, SeesEveryWayToAllocate) {
    const AllocationCounter counter(1000);
    size_t expected = 0;
    const auto seen = [&](const char* how) { EXPECT_EQ(counter.count(), ++expected) << how; };
    void* volatile p = ::operator new(1000);
    seen("new");
    ::operator delete(p);
    p = std::malloc(1000);
    seen("malloc");
    p = std::realloc(p, 100000);
    seen("realloc");
    std::free(p);
    p = std::calloc(10, 100);
    seen("calloc");
    std::free(p);
    p = std::aligned_alloc(64, 1024);
    seen("aligned_alloc");
    std::free(p);
    p = std::malloc(999);
    EXPECT_EQ(counter.count(), expected) << "below the limit";
    std::free(p);
}

}  // namespace
}  // namespace longtake
