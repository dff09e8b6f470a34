#include "core/safetensors.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    const auto file = SafetensorsFile::open(write("a.safetensors", bytes));
    for (const std::string& name : file->names()) {
        attempt([&] {
            const Tensor tensor = file->tensor(name);
            check(tensor.shape() == file->info(name).shape, "another shape");
            tensor.clone();
        });
    }
}
