#include "diffusion/ops/workspace.h"

namespace longtake::diffusion {

void* Workspace::scratch(size_t bytes) {
    if (scratch_.empty() || scratch_.bytes() < bytes) {
        scratch_ = Tensor({static_cast<int64_t>(bytes)}, DType::U8);
    }
    return scratch_.raw();
}

}  // namespace longtake::diffusion
