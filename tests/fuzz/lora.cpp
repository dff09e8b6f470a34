#include "diffusion/weights/lora.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    diffusion::Lora::open(write("a.safetensors", bytes))->targets();
}
