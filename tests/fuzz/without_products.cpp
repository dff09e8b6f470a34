#include "core/error.h"
#include "diffusion/weights/lora.h"

// A LoRA is read here, never multiplied: so all that multiplies need not be built.
longtake::Tensor longtake::diffusion::Lora::merged(const std::string&, const Tensor&) const {
    fail("not here");
}
