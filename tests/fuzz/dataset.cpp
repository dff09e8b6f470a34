#include "gaussians/scene/dataset.h"

#include "core/image.h"
#include "tests/fuzz/dataset_files.h"
#include "tests/fuzz/fuzz.h"

// A folder of a capture with some files, and one picture.
void longtake::fuzz::read(Bytes bytes) {
    static const auto picture = [] {
        const auto path = folder() / "images/cam00.png";
        std::filesystem::create_directories(path.parent_path());
        Tensor grey({6, 8, 3}, DType::U8);
        std::ranges::fill(grey.values<uint8_t>(), uint8_t{128});
        write_png(path, grey);
        return path;
    }();
    const auto names = dataset_files();
    const auto files = parts(bytes, names.size());
    for (size_t i = 0; i < names.size(); ++i) {
        write(names[i], files[i]);
    }
    check(gaussians::Dataset::recognizes(folder()), "a layout that is not known");
    gaussians::Dataset dataset = gaussians::Dataset::open(folder());
    for (size_t view = 0; view < std::min<size_t>(dataset.view_count(), 3); ++view) {
        attempt([&] { dataset.image(view, 0); });
    }
}
