#include "diffusion/weights/tensor_file.h"
#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    const auto file = diffusion::TensorFile::open(write("a.pt", bytes));
    for (const std::string& name : file->names()) {
        attempt([&] {
            const Tensor tensor = file->tensor(name);
            check(tensor.shape() == file->info(name).shape, "another shape");
            tensor.clone();
        });
    }
}
