#pragma once

#include "core/safetensors.h"
#include "tests/gaussians/scenes.h"

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace longtake::gaussians {

// tests/fixtures/raster.safetensors, as tests/fixtures/make_raster_fixtures.py writes it.
class RasterReference {
  public:
    template <typename Scalar> std::vector<Scalar> values(const std::string& name) const {
        const Tensor tensor = file_->tensor(name);
        const auto from = tensor.values<float>();
        return {from.begin(), from.end()};
    }

    template <typename Scalar> Attributes<Scalar> gaussians(const std::string& prefix = {}) const {
        constexpr std::array<const char*, 6> kNames{"means",     "log_scales", "rotations",
                                                    "opacities", "sh_dc",      "sh_rest"};
        Attributes<Scalar> g(file_->info("means").shape[0], 3);
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            *g.columns()[i] = values<Scalar>(prefix + kNames[i]);
        }
        return g;
    }

    static Camera camera() {
        Camera c = test_camera(40, 32);
        c.fx = 36;
        c.fy = 40;
        c.cx = 15.3;
        c.cy = 18.6;
        return c;
    }

    // The script's numbers of -1 to 1.
    template <typename Scalar> static std::vector<Scalar> wave(std::size_t count, double rate) {
        std::vector<Scalar> w(count);
        for (std::size_t i = 0; i < count; ++i) {
            w[i] = static_cast<Scalar>(std::cos(rate * static_cast<double>(i)));
        }
        return w;
    }

  private:
    std::shared_ptr<const SafetensorsFile> file_ =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/raster.safetensors");
};

}  // namespace longtake::gaussians
