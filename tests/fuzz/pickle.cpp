#include "diffusion/weights/pickle.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    static_cast<void>(diffusion::Pickle(bytes).root().value.index());
}
