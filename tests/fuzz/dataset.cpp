#include "gaussians/scene/dataset.h"

#include "core/image.h"
#include "tests/fuzz/fuzz.h"

#include <array>

// A folder of a capture with the files that LONGTAKE_FUZZ_FILES names, and one picture.
void longtake::fuzz::read(Bytes bytes) {
    constexpr auto kFiles = std::to_array<const char*>({LONGTAKE_FUZZ_FILES});
    static const auto picture = [] {
        const auto path = folder() / "images/cam00.png";
        std::filesystem::create_directories(path.parent_path());
        Tensor grey({6, 8, 3}, DType::U8);
        std::ranges::fill(grey.values<uint8_t>(), uint8_t{128});
        write_png(path, grey);
        return path;
    }();
    const auto files = parts(bytes, kFiles.size());
    for (size_t i = 0; i < kFiles.size(); ++i) {
        write(kFiles[i], files[i]);
    }
    check(gaussians::Dataset::recognizes(folder()), "a layout that is not known");
    gaussians::Dataset dataset = gaussians::Dataset::open(folder());
    for (size_t view = 0; view < std::min<size_t>(dataset.view_count(), 3); ++view) {
        attempt([&] { dataset.image(view, 0); });
    }
}
