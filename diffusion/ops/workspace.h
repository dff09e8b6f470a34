#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace longtake::diffusion {

// What a session lends to the ops: scratch memory that only grows, prepared library primitives and,
// on the GPU, the stream that all its work goes to. Ops allocate nothing themselves once every size
// has been seen. One per session: it must not be used by two threads at a time.
class Workspace {
  public:
    // What is `urgent` goes before other work that waits for the GPU.
    explicit Workspace(Device device = Device::Cpu, bool urgent = false);
    Workspace(Workspace&&) noexcept = default;
    Workspace& operator=(Workspace&&) noexcept = default;

    Device device() const { return device_; }
    GpuStream stream() const { return stream_; }  // null on the CPU
    void synchronize() const;                     // waits for the stream

    // In memory of the device, 64-byte aligned; the contents last until the next call.
    void* scratch(size_t bytes) { return room_for(scratch_, bytes); }
    // The same, apart, for an op that converts and calls another one.
    void* conversion(size_t bytes) { return room_for(conversion_, bytes); }

    // Does `work`, which must queue all it does on the stream. On a GPU, work whose `key` was seen
    // before is recorded and from then on launched as one graph. What it reads and writes must then
    // stay where it is until the recordings are forgotten.
    void repeat(const std::vector<uint64_t>& key, const std::function<void()>& work);
    void forget_recordings();

    class Primitives;  // of the CPU, see linear_cpu_onednn.cpp
    Primitives& primitives() { return *primitives_; }
    class Gpu;  // see workspace_cuda.h
    Gpu& gpu() { return *gpu_; }

  private:
    void* room_for(Tensor& buffer, size_t bytes);
    static std::shared_ptr<Primitives> make_primitives();
    static std::shared_ptr<Gpu> make_gpu(bool urgent);
    static GpuStream stream_of(const Gpu& gpu);

    Device device_;
    // Of one owner each; shared_ptr because it knows how to delete what only one file knows.
    std::shared_ptr<Primitives> primitives_;
    std::shared_ptr<Gpu> gpu_;
    GpuStream stream_ = nullptr;
    Tensor scratch_, conversion_;
};

}  // namespace longtake::diffusion
