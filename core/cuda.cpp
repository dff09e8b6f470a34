#include "core/cuda.h"

#include "core/error.h"

#include <exception>

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

using Recording = std::unique_ptr<CUgraph_st, void (*)(cudaGraph_t)>;

// Null when CUDA gave it up.
Recording record_work(cudaStream_t stream, const std::function<void()>& work) {
    cuda_check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
               "recording a graph");
    cudaGraph_t graph = nullptr;
    std::exception_ptr failure;
    try {
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
    Recording recording(graph, [](cudaGraph_t g) { cudaGraphDestroy(g); });
    if (ended == cudaErrorStreamCaptureInvalidated) {
        cudaGetLastError();
        return {nullptr, recording.get_deleter()};
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    cuda_check(ended, "recording a graph");
    return recording;
}

}  // namespace

void cuda_check(cudaError_t status, const char* doing) {
    if (status != cudaSuccess) {
        fail("CUDA: {}: {} ({})", doing, cudaGetErrorString(status), cudaGetErrorName(status));
    }
}

int cuda_attribute(cudaDeviceAttr which) {
    int device = 0, value = 0;
    cuda_check(cudaGetDevice(&device), "asking for the device");
    cuda_check(cudaDeviceGetAttribute(&value, which, device), "asking the device");
    return value;
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
    CudaGraph made;
    made.record(stream, work);
    return made;
}

bool CudaGraph::record(cudaStream_t stream, const std::function<void()>& work) {
    const Recording recording = record_work(stream, work);
    if (recording == nullptr) {
        return false;
    }
    if (graph_ != nullptr) {
        cudaGraphExecUpdateResultInfo difference{};
        if (cudaGraphExecUpdate(graph_.get(), recording.get(), &difference) == cudaSuccess) {
            return true;
        }
        cudaGetLastError();
        cuda_check(cudaStreamSynchronize(stream), "waiting for a graph");  // it may be running
    }
    cudaGraphExec_t exec = nullptr;
    cuda_check(cudaGraphInstantiate(&exec, recording.get(), 0), "preparing a graph");
    graph_ = {exec, [](cudaGraphExec_t g) { cudaGraphExecDestroy(g); }};
    return true;
}

void CudaGraph::launch(cudaStream_t stream) const {
    cuda_check(cudaGraphLaunch(graph_.get(), stream), "launching a graph");
}

}  // namespace longtake
