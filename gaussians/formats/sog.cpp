#include "gaussians/formats/sog.h"

#include "core/error.h"
#include "core/parallel.h"
#include "core/text.h"
#include "core/whole_number.h"
#include "gaussians/formats/packed_values.h"
#include "gaussians/formats/sog_source.h"
#include "gaussians/formats/webp.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace longtake::gaussians {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxRatio = 1024;  // no real Gaussians are compressed as far as this
constexpr size_t kCentroidsInRow = 64;
constexpr uint8_t kFirstLargest = 252;  // the alpha of quaternions; w, x, y or z is left out

Json read_meta(const SogSource& source) {
    const auto bytes = source.file("meta.json");
    try {
        return Json::parse(reinterpret_cast<const char*>(bytes.data()),
                           reinterpret_cast<const char*>(bytes.data() + bytes.size()));
    } catch (const Json::exception& e) {
        fail_input("its meta.json is no JSON: {}", one_line(e.what()));
    }
}

// The images and tables that one property is made of.
class Property {
  public:
    Property(const SogSource& source, const Json& meta, size_t files) {
        const Json& names = meta.at("files");
        for (size_t i = 0; i < files; ++i) {
            const auto name = names.at(i).get<std::string>();
            const auto bytes = source.file(name);
            bytes_ += bytes.size();
            try {
                images_.push_back(read_webp(bytes));
            } catch (const InputError& e) {
                fail_input("its file {} is {}", in_quotes(name), e.what());
            }
        }
        if (meta.contains("codebook")) {
            read_codebook(meta["codebook"]);
        }
    }

    // Whether the images have a pixel for each of `count`, and bytes enough to back them.
    void check_count(size_t count) const {
        for (const Tensor& image : images_) {
            check_input(static_cast<size_t>(image.count()) / 4 >= count,
                        "its images have too few pixels for {} Gaussians", count);
        }
        check_input(count <= bytes_ * kMaxRatio, "it promises {} Gaussians in images of {} bytes",
                    count, bytes_);
    }
    uint8_t at(size_t image, size_t pixel, size_t channel) const {
        return images_[image].data<uint8_t>()[4 * pixel + channel];
    }
    float looked_up(size_t image, size_t pixel, size_t channel) const {
        return codebook_[at(image, pixel, channel)];
    }
    const Tensor& image(size_t i) const { return images_[i]; }

  private:
    void read_codebook(const Json& values) {
        codebook_.fill(std::numeric_limits<float>::quiet_NaN());
        check_input(values.size() <= codebook_.size(), "it has a codebook of {} values",
                    values.size());
        for (size_t i = 0; i < values.size(); ++i) {
            codebook_[i] = values[i].is_null() ? codebook_[i] : values[i].get<float>();
        }
        if (std::isnan(codebook_[0])) {  // as early writers left it
            codebook_[0] = codebook_[1] + (codebook_[1] - codebook_[255]) / 255.F;
        }
    }

    std::vector<Tensor> images_;  // [H, W, 4]
    std::array<float, 256> codebook_{};
    size_t bytes_ = 0;
};

void read_means(const Property& property, const Json& meta, Tensor& means) {
    const auto low = meta.at("mins").get<std::array<float, 3>>();
    const auto high = meta.at("maxs").get<std::array<float, 3>>();
    parallel_for(means.extent(0), [&](int64_t row) {
        const auto i = static_cast<size_t>(row);
        for (size_t k = 0; k < 3; ++k) {
            const auto level =
                static_cast<float>(property.at(0, i, k) + 256 * property.at(1, i, k));
            const float log = low[k] + (high[k] - low[k]) * level / 65535.F;
            means.data<float>()[3 * i + k] = std::copysign(std::expm1(std::abs(log)), log);
        }
    });
}

void read_rotations(const Property& property, Tensor& rotations) {
    parallel_for(rotations.extent(0), [&](int64_t row) {
        const auto i = static_cast<size_t>(row);
        const uint8_t tag = property.at(0, i, 3);
        std::array<float, 4> wxyz{1, 0, 0, 0};
        if (tag >= kFirstLargest) {
            SmallestThree q{size_t{tag} - kFirstLargest, {}};
            for (size_t k = 0; k < 3; ++k) {
                q.others[k] = (static_cast<float>(property.at(0, i, k)) / 127.5F - 1.F) /
                              std::numbers::sqrt2_v<float>;
            }
            wxyz = from_smallest_three(q);
        }
        std::ranges::copy(wxyz, rotations.data<float>() + 4 * i);
    });
}

void look_up(const Property& property, Tensor& values) {
    parallel_for(values.extent(0), [&](int64_t row) {
        const auto i = static_cast<size_t>(row);
        for (size_t k = 0; k < 3; ++k) {
            values.data<float>()[3 * i + k] = property.looked_up(0, i, k);
        }
    });
}

void read_opacities(const Property& property, Tensor& opacities) {
    for (int64_t i = 0; i < opacities.extent(0); ++i) {
        opacities.data<float>()[i] = logit_of(property.at(0, static_cast<size_t>(i), 3));
    }
}

// A label of 16 bits for each Gaussian; 64 centroids in a row, a pixel for each coefficient.
void read_sh(const Property& property, size_t palette, Tensor& rest) {
    const auto coefficients = static_cast<size_t>(rest.extent(1));
    const Tensor& centroids = property.image(0);
    check_input(static_cast<size_t>(centroids.extent(1)) == kCentroidsInRow * coefficients,
                "its spherical harmonics have {} pixels in a row, not {}", centroids.extent(1),
                kCentroidsInRow * coefficients);
    palette = std::min(palette, kCentroidsInRow * static_cast<size_t>(centroids.extent(0)));
    parallel_for(rest.extent(0), [&](int64_t row) {
        const auto i = static_cast<size_t>(row);
        const size_t label = property.at(1, i, 0) + size_t{256} * property.at(1, i, 1);
        for (size_t part = 0; part < 3 * coefficients; ++part) {
            const size_t pixel = label * coefficients + part / 3;
            rest.data<float>()[3 * coefficients * i + part] =
                label < palette ? property.looked_up(0, pixel, part % 3) : 0.F;
        }
    });
}

Cloud read(const SogSource& source, const Json& meta) {
    const int version = meta.contains("version") ? whole<int>(meta["version"]) : 1;
    check_input(version == 2, "it is SOG of version {}; only 2 is read", version);
    const auto count = whole<size_t>(meta.at("count"));
    const Property means(source, meta.at("means"), 2);
    means.check_count(count);
    const Property scales(source, meta.at("scales"), 1), rotations(source, meta.at("quats"), 1),
        colours(source, meta.at("sh0"), 1);
    for (const Property* property : {&scales, &rotations, &colours}) {
        property->check_count(count);
    }
    const int degree = meta.contains("shN") ? whole<int>(meta["shN"].at("bands")) : 0;
    check_input(degree >= 0 && degree <= kMaxShDegree, "it has spherical harmonics of degree {}",
                degree);
    Cloud cloud = Cloud::sized(static_cast<int64_t>(count), degree);
    read_means(means, meta["means"], cloud.means);
    read_rotations(rotations, cloud.rotations);
    look_up(scales, cloud.log_scales);
    look_up(colours, cloud.sh_dc);
    read_opacities(colours, cloud.opacities);
    if (degree > 0) {
        const Property sh(source, meta["shN"], 2);
        check_input(static_cast<size_t>(sh.image(1).count()) / 4 >= count,
                    "its labels are too few for {} Gaussians", count);
        read_sh(sh, whole<size_t>(meta["shN"].at("count")), cloud.sh_rest);
    }
    return cloud;
}

}  // namespace

bool is_sog(const std::filesystem::path& path) {
    try {
        const SogSource source(path);
        return source.contains("meta.json") && read_meta(source).contains("means");
    } catch (const InputError&) {
        return false;
    }
}

Cloud read_sog(const std::filesystem::path& path) {
    const SogSource source(path);
    const Json meta = read_meta(source);
    try {
        return read(source, meta);
    } catch (const Json::exception& e) {
        fail_input("its meta.json is not as expected: {}", one_line(e.what()));
    }
}

}  // namespace longtake::gaussians
