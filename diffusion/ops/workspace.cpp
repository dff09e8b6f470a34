#include "diffusion/ops/workspace.h"

namespace longtake::diffusion {

Workspace::Workspace(Device device, bool urgent) : device_(device) {
    if (device == Device::Cpu) {
        primitives_ = make_primitives();
    } else {
        gpu_ = make_gpu(urgent);
        stream_ = stream_of(*gpu_);
    }
}

void* Workspace::room_for(Tensor& buffer, size_t bytes) {
    if (buffer.empty() || buffer.bytes() < bytes) {
        synchronize();  // the old room may be in use
        forget_recordings();
        buffer = Tensor({static_cast<int64_t>(bytes)}, DType::U8, device_);
    }
    return buffer.raw();
}

}  // namespace longtake::diffusion
