#include "diffusion/ops/workspace.h"

namespace longtake::diffusion {

void* Workspace::room_for(Tensor& buffer, size_t bytes) {
    if (buffer.empty() || buffer.bytes() < bytes) {
        buffer = Tensor({static_cast<int64_t>(bytes)}, DType::U8);
    }
    return buffer.raw();
}

}  // namespace longtake::diffusion
