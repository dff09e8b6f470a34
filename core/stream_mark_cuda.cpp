#include "core/cuda.h"
#include "core/stream_mark.h"

namespace longtake {

StreamMark::StreamMark(Device device)
    : event_(device == Device::Cuda ? std::make_shared<CudaEvent>() : nullptr) {}

void StreamMark::set(GpuStream stream) {
    if (event_) {
        static_cast<const CudaEvent*>(event_.get())->record(stream);
    }
}

void StreamMark::wait() const {
    if (event_) {
        static_cast<const CudaEvent*>(event_.get())->synchronize();
    }
}

}  // namespace longtake
