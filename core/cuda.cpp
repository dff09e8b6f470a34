#include "core/cuda.h"

#include "core/error.h"

namespace longtake {
namespace {

cudaStream_t new_stream(bool urgent) {
    cudaStream_t stream = nullptr;
    int least = 0, greatest = 0;
    cuda_check(cudaDeviceGetStreamPriorityRange(&least, &greatest), "making a stream");
    cuda_check(
        cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, urgent ? greatest : least),
        "making a stream");
    return stream;
}

cudaEvent_t new_event() {
    cudaEvent_t event = nullptr;
    cuda_check(cudaEventCreate(&event), "making an event");
    return event;
}

}  // namespace

void cuda_check(cudaError_t status, const char* doing) {
    if (status != cudaSuccess) {
        fail("CUDA: {}: {} ({})", doing, cudaGetErrorString(status), cudaGetErrorName(status));
    }
}

CudaStream::CudaStream(bool urgent)
    : stream_(new_stream(urgent), [](cudaStream_t s) { cudaStreamDestroy(s); }) {}

void CudaStream::synchronize() const {
    cuda_check(cudaStreamSynchronize(stream_.get()), "waiting for a stream");
}

CudaEvent::CudaEvent() : event_(new_event(), [](cudaEvent_t e) { cudaEventDestroy(e); }) {}

void CudaEvent::record(cudaStream_t stream) const {
    cuda_check(cudaEventRecord(event_.get(), stream), "recording an event");
}

void CudaEvent::wait_on(cudaStream_t stream) const {
    cuda_check(cudaStreamWaitEvent(stream, event_.get()), "making a stream wait");
}

void CudaEvent::synchronize() const {
    cuda_check(cudaEventSynchronize(event_.get()), "waiting for an event");
}

float CudaEvent::since(const CudaEvent& earlier) const {
    float milliseconds = 0;
    cuda_check(cudaEventElapsedTime(&milliseconds, earlier.event_.get(), event_.get()),
               "timing between events");
    return milliseconds;
}

CudaGraph CudaGraph::capture(cudaStream_t stream, const std::function<void()>& work) {
    cuda_check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
               "recording a graph");
    cudaGraph_t graph = nullptr;
    try {
        work();
    } catch (...) {
        if (cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated) {
            cudaGetLastError();
            return {};
        }
        cudaGraphDestroy(graph);
        throw;
    }
    const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
    if (ended == cudaErrorStreamCaptureInvalidated) {
        cudaGetLastError();
        return {};
    }
    cuda_check(ended, "recording a graph");
    const std::unique_ptr<CUgraph_st, void (*)(cudaGraph_t)> recorded(
        graph, [](cudaGraph_t g) { cudaGraphDestroy(g); });
    cudaGraphExec_t exec = nullptr;
    cuda_check(cudaGraphInstantiate(&exec, graph, 0), "preparing a graph");
    CudaGraph made;
    made.graph_ = {exec, [](cudaGraphExec_t g) { cudaGraphExecDestroy(g); }};
    return made;
}

void CudaGraph::launch(cudaStream_t stream) const {
    cuda_check(cudaGraphLaunch(graph_.get(), stream), "launching a graph");
}

}  // namespace longtake
