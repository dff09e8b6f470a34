#include "generator/control/depth.h"

#include "tests/fuzz/fuzz.h"

#include <array>

// The first byte says which format.
void longtake::fuzz::read(Bytes bytes) {
    constexpr std::array kExtensions{".npz", ".npy", ".png"};
    check_input(!bytes.empty(), "no format");
    const size_t format = std::to_integer<size_t>(bytes[0]) % kExtensions.size();
    const auto path = write(std::string("depth") + kExtensions[format], bytes.subspan(1));
    for (const auto& depth :
         generator::read_depth(path, 0.001, {.width = 8, .height = 6, .frame_rate = 16})) {
        check(depth.median() > 0, "a depth of {}", depth.median());
    }
}
