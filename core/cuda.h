#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <memory>

// What the CUDA back ends of the rooms stand on. Only code of a CUDA build includes this.
namespace longtake {

// Throws Error with CUDA's own words and what was being done.
void cuda_check(cudaError_t status, const char* doing);
// After a kernel launch.
inline void cuda_check_launch(const char* kernel) {
    cuda_check(cudaGetLastError(), kernel);
}
// Of the current device.
int cuda_attribute(cudaDeviceAttr which);

// A stream that waits for no other one, the default stream included. What is urgent goes before all
// that is not and waits for a place on the device.
class CudaStream {
  public:
    explicit CudaStream(bool urgent = false);
    operator cudaStream_t() const { return stream_.get(); }
    void synchronize() const;

  private:
    std::unique_ptr<CUstream_st, void (*)(cudaStream_t)> stream_;
};

class CudaEvent {
  public:
    CudaEvent();
    void record(cudaStream_t stream) const;
    // Makes `stream` wait for what was recorded last.
    void wait_on(cudaStream_t stream) const;
    void synchronize() const;
    // Milliseconds from `earlier`, both recorded and done.
    float since(const CudaEvent& earlier) const;

  private:
    std::unique_ptr<CUevent_st, void (*)(cudaEvent_t)> event_;
};

// Work on a stream, recorded once and launched many times.
class CudaGraph {
  public:
    CudaGraph() = default;
    // Runs `work`, of which every launch must go to `stream`; nothing is executed yet. An empty
    // graph when another thread waited for the whole device meanwhile, as who ends a session does:
    // CUDA gives up what is being recorded then.
    static CudaGraph capture(cudaStream_t stream, const std::function<void()>& work);
    // The same for work that recurs with other arguments, of which this graph is told; one that has
    // other kernels takes its place. False, and not to be launched, where capture() gives an empty
    // one. `work` may be run once more then, so it leaves the host as it is.
    bool record(cudaStream_t stream, const std::function<void()>& work);
    bool empty() const { return graph_ == nullptr; }
    void launch(cudaStream_t stream) const;

  private:
    std::shared_ptr<CUgraphExec_st> graph_;
};

}  // namespace longtake
