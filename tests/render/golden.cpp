#include "tests/render/golden.h"

#include "core/image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace longtake {

double psnr(const Tensor& a, const Tensor& b) {
    if (a.shape() != b.shape()) {
        return 0;
    }
    const auto x = a.values<uint8_t>();
    const auto y = b.values<uint8_t>();
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    }
    return sum == 0 ? 99 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(x.size()) / sum);
}

void expect_golden(const Tensor& picture, const std::string& name, const std::string& device,
                   double bound) {
    if (device.find("llvmpipe") == std::string::npos) {
        return;
    }
    const auto folder = std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "pictures";
    const auto path = folder / (name + ".png");
    if (std::getenv("LONGTAKE_BLESS") != nullptr) {
        std::filesystem::create_directories(folder);
        write_png(path, picture);
        return;
    }
    const double found = psnr(picture, read_png(path));
    EXPECT_GE(found, bound) << "see " << name << ".actual.png";
    if (found < bound) {
        write_png(name + ".actual.png", picture);
    }
}

}  // namespace longtake
