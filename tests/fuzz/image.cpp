#include "core/image.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    const Tensor image = read_png(write("a.png", bytes));
    check(image.shape().rank() == 3 && image.extent(2) == 3, "no picture");
}
