#include "core/arena.h"
#include "core/error.h"
#include "core/tensor.h"
#include "tests/core/cuda_testing.h"

#ifdef LONGTAKE_CUDA
#include "core/cuda.h"
#endif

#include <numeric>
#include <thread>
#include <tuple>
#include <vector>

namespace longtake {
namespace {

std::vector<float> counted(size_t n) {
    std::vector<float> values(n);
    std::iota(values.begin(), values.end(), 1.F);
    return values;
}

TEST(DeviceMemory, TensorsTravelToTheGpuAndBack) {
    LONGTAKE_NEEDS_GPU();
    const std::vector<float> values = counted(1000);
    const Tensor there = Tensor::from(values, {10, 100}).to(Device::Cuda);
    EXPECT_EQ(there.device(), Device::Cuda);
    const Tensor back = there.clone().slice(3, 5).to(Device::Cpu);
    EXPECT_EQ(back.shape(), Shape({2, 100}));
    for (size_t i = 0; i < 200; ++i) {
        ASSERT_EQ(back.values<float>()[i], values[300 + i]);
    }
}

TEST(DeviceMemory, TooMuchIsOneClearError) {
    LONGTAKE_NEEDS_GPU();
    EXPECT_THROW(Tensor({int64_t{1} << 45}, DType::U8, Device::Cuda), Error);
    EXPECT_NO_THROW(Tensor({16}, DType::U8, Device::Cuda));  // the device works on
}

TEST(DeviceMemory, AnArenaLivesOnTheGpu) {
    LONGTAKE_NEEDS_GPU();
    Arena arena(Device::Cuda);
    const Arena::Scope scope(arena);
    EXPECT_EQ(arena.allocate({7}, DType::BF16).device(), Device::Cuda);
}

#ifdef LONGTAKE_CUDA
TEST(CudaGraph, RepeatsWhatWasRecorded) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream stream;
    Tensor from = Tensor::from(counted(64), {64}).to(Device::Cuda), to = from.clone();
    const auto copy = [&] {
        cuda_check(cudaMemcpyAsync(to.raw(), from.raw(), from.bytes(), cudaMemcpyDefault, stream),
                   "copying");
    };
    const CudaGraph graph = CudaGraph::capture(stream, copy);
    for (const float value : {3.F, 4.F}) {
        const std::vector<float> row(64, value);
        copy_bytes(from.raw(), Device::Cuda, row.data(), Device::Cpu, from.bytes());
        graph.launch(stream);
        stream.synchronize();
        EXPECT_EQ(to.to(Device::Cpu).values<float>()[63], value);
    }
}

TEST(CudaGraph, IsToldWhatIsOther) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream stream;
    const Tensor from = Tensor::from(counted(64), {64}).to(Device::Cuda);
    Tensor to = from.clone();
    const auto fill = [&](int64_t first, int64_t last, bool clear_first) {
        if (clear_first) {
            clear_bytes(to.raw(), Device::Cuda, to.bytes(), stream);
        }
        copy_bytes(to.slice(first, last).raw(), Device::Cuda, from.slice(first, last).raw(),
                   Device::Cuda, static_cast<size_t>(4 * (last - first)), stream);
    };
    CudaGraph graph;
    // Another place, another length, more than there was, and less again.
    for (const auto& [first, last, clear] :
         {std::tuple{0, 3, true}, {5, 8, true}, {60, 64, true}, {7, 9, false}, {1, 2, true}}) {
        clear_bytes(to.raw(), Device::Cuda, to.bytes(), stream);
        ASSERT_TRUE(graph.record(stream, [&] { fill(first, last, clear); }));
        stream.synchronize();
        EXPECT_EQ(to.to(Device::Cpu).values<float>()[static_cast<size_t>(first)], 0);
        graph.launch(stream);
        stream.synchronize();
        const Tensor here = to.to(Device::Cpu);
        for (int i = 0; i < 64; ++i) {
            const bool filled = i >= first && i < last;
            EXPECT_EQ(here.values<float>()[static_cast<size_t>(i)], filled ? i + 1 : 0) << i;
        }
    }
}

TEST(CudaGraph, AFailureWhileRecordingLeavesTheStreamUsable) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream stream;
    EXPECT_THROW(CudaGraph::capture(stream, [] { fail("on purpose"); }), Error);
    EXPECT_NO_THROW(stream.synchronize());
}

TEST(CudaGraph, GivesWayToWhoWaitsForTheDevice) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream stream;
    Tensor row = Tensor::from(counted(64), {64}).to(Device::Cuda);
    const auto clear = [&] {
        cuda_check(cudaMemsetAsync(row.raw(), 0, row.bytes(), stream), "clearing");
    };
    EXPECT_TRUE(CudaGraph::capture(stream, [&] {
                    clear();
                    std::thread([] {
                        cudaDeviceSynchronize();
                        cudaGetLastError();
                    }).join();
                    clear();
                }).empty());
    const CudaGraph graph = CudaGraph::capture(stream, clear);
    ASSERT_FALSE(graph.empty());
    graph.launch(stream);
    stream.synchronize();
    EXPECT_EQ(row.to(Device::Cpu).values<float>()[63], 0);
}

TEST(CudaEvent, OrdersStreams) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream first, second;
    const CudaEvent begin, end;
    begin.record(first);
    begin.wait_on(second);
    end.record(second);
    end.synchronize();
    EXPECT_GE(end.since(begin), 0.F);
}
#endif

}  // namespace
}  // namespace longtake
