#include <cuda_runtime.h>

#include "tools/toyworld/render.h"

namespace longtake::toyworld {
namespace {

// One clip per block: clips take different branches, and would wait for one another in a warp.
__global__ void play_kernel(const ltw_script* scripts, const uint64_t* seeds, int clips,
                            int frame_count, float fps, Frame* frames) {
    const int clip = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (clip >= clips) {
        return;
    }
    Timeline timeline(scripts != nullptr ? scripts[clip] : sample_script(seeds[clip], frame_count),
                      seeds[clip], fps);
    for (int t = 0; t < frame_count; ++t) {
        if (t > 0) {
            timeline.step();
        }
        frames[static_cast<size_t>(clip) * frame_count + t] = timeline.frame(0);
    }
}

// Grid: x and y tile one picture, z runs over frames.
__global__ void __launch_bounds__(256) shade_kernel(const Frame* frames, int count, Pixels out) {
    __shared__ alignas(16) unsigned char raw[sizeof(Frame)];
    const Frame& frame = *reinterpret_cast<const Frame*>(raw);
    const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const int y = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    const int lane = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
    const size_t area = static_cast<size_t>(out.width) * out.height;
    for (int k = static_cast<int>(blockIdx.z); k < count; k += static_cast<int>(gridDim.z)) {
        __syncthreads();
        static_assert(sizeof(Frame) % sizeof(int) == 0);
        const int* from = reinterpret_cast<const int*>(frames + k);
        int* to = reinterpret_cast<int*>(raw);
        for (int i = lane; i < static_cast<int>(sizeof(Frame) / sizeof(int)); i += 256) {
            to[i] = from[i];
        }
        __syncthreads();
        Pixels one = out;
        one.rgb = out.rgb != nullptr ? out.rgb + 3 * area * k : nullptr;
        one.mask = out.mask != nullptr ? out.mask + area * k : nullptr;
        one.depth = out.depth != nullptr ? out.depth + area * k : nullptr;
        if (x < out.width && y < out.height) {
            shade_pixel(frame, one, x, y);
        }
    }
}

// Device memory that lives as long as the work queued on its stream.
class Scratch {
  public:
    Scratch(size_t bytes, cudaStream_t stream) : stream_(stream) {
        if (bytes > 0 && cudaMallocAsync(&data_, bytes, stream) != cudaSuccess) {
            data_ = nullptr;
        }
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        if (data_ != nullptr) {
            cudaFreeAsync(data_, stream_);
        }
    }
    bool fill(const void* host, size_t bytes) {
        return data_ != nullptr && cudaMemcpyAsync(data_, host, bytes, cudaMemcpyHostToDevice,
                                                   stream_) == cudaSuccess;
    }
    template <typename T>
    T* as() const {
        return static_cast<T*>(data_);
    }

  private:
    cudaStream_t stream_;
    void* data_ = nullptr;
};

bool shade(const Frame* frames, int count, const Pixels& out, cudaStream_t stream) {
    const dim3 block(32, 8);
    const dim3 grid((out.width + 31) / 32, (out.height + 7) / 8, count < 32768 ? count : 32768);
    shade_kernel<<<grid, block, 0, stream>>>(frames, count, out);
    return cudaGetLastError() == cudaSuccess;
}

}  // namespace

bool render_clips_cuda(const ltw_script* scripts, const uint64_t* seeds, int clips, int frames,
                       float fps, const Pixels& out, void* stream) {
    const auto queue = static_cast<cudaStream_t>(stream);
    const size_t n = static_cast<size_t>(clips), total = n * static_cast<size_t>(frames);
    Scratch seed_list(n * sizeof(uint64_t), queue), table(total * sizeof(Frame), queue);
    Scratch script_list(scripts != nullptr ? n * sizeof(ltw_script) : 0, queue);
    bool ok = table.as<Frame>() != nullptr && seed_list.fill(seeds, n * sizeof(uint64_t));
    ok = ok && (scripts == nullptr || script_list.fill(scripts, n * sizeof(ltw_script)));
    if (!ok) {
        return false;
    }
    play_kernel<<<clips, 1, 0, queue>>>(
        script_list.as<ltw_script>(), seed_list.as<uint64_t>(), clips, frames, fps,
        table.as<Frame>());
    return cudaGetLastError() == cudaSuccess &&
           shade(table.as<Frame>(), static_cast<int>(total), out, queue);
}

bool render_frames_cuda(const Frame* frames, int count, const Pixels& out, void* stream) {
    const auto queue = static_cast<cudaStream_t>(stream);
    Scratch table(static_cast<size_t>(count) * sizeof(Frame), queue);
    return table.fill(frames, static_cast<size_t>(count) * sizeof(Frame)) &&
           shade(table.as<Frame>(), count, out, queue);
}

int cuda_devices() {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

}  // namespace longtake::toyworld
