#include "gaussians/formats/ply.h"

#include "core/error.h"
#include "core/file.h"

#include <algorithm>
#include <string>
#include <vector>

namespace longtake::gaussians {
namespace {

// Column `part` of a tensor [N, parts].
void fill(const PlyElement& vertices, const std::string& property, Tensor& tensor,
          int64_t part = 0) {
    const PlyColumn column = vertices.column(property);
    const int64_t rows = tensor.extent(0), parts = rows > 0 ? tensor.count() / rows : 0;
    float* to = tensor.data<float>() + part;
    for (int64_t row = 0; row < rows; ++row, to += parts) {
        *to = static_cast<float>(column.number(row));
    }
}

void fill_numbered(const PlyElement& vertices, const std::string& prefix, Tensor& tensor) {
    for (int64_t i = 0; i < tensor.extent(1); ++i) {
        fill(vertices, prefix + std::to_string(i), tensor, i);
    }
}

int degree_of(const PlyElement& vertices) {
    int64_t rest = 0;
    while (vertices.has("f_rest_" + std::to_string(rest))) {
        ++rest;
    }
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        if (rest == 3 * sh_rest_count(degree)) {
            return degree;
        }
    }
    fail_input("it has {} properties f_rest_*; 0, 9, 24 or 45 belong to a degree up to {}", rest,
               kMaxShDegree);
}

std::string header_of(const Cloud& cloud) {
    std::string text = fmt::format(
        "ply\nformat binary_little_endian 1.0\nelement vertex {}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property float nx\nproperty float ny\nproperty float nz\n",
        cloud.count());
    const auto numbered = [&](const char* prefix, int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
            text += fmt::format("property float {}{}\n", prefix, i);
        }
    };
    numbered("f_dc_", 3);
    numbered("f_rest_", 3 * cloud.sh_rest.extent(1));
    text += "property float opacity\n";
    numbered("scale_", 3);
    numbered("rot_", 4);
    return text + "end_header\n";
}

void append_row(std::vector<float>& row, const Tensor& tensor, int64_t i) {
    const int64_t parts = tensor.count() / tensor.extent(0);
    const float* from = tensor.data<float>() + i * parts;
    row.insert(row.end(), from, from + parts);
}

}  // namespace

Cloud read_ply(const PlyFile& file) {
    const PlyElement& vertices = file.element("vertex");
    check_input(!vertices.has("red") || vertices.has("scale_0"),
                "it is a cloud of coloured points, not of Gaussians");
    vertices.column("opacity");  // before memory is taken: a promise of rows without bytes
    Cloud cloud = Cloud::sized(static_cast<int64_t>(vertices.count), degree_of(vertices));
    fill(vertices, "x", cloud.means, 0);
    fill(vertices, "y", cloud.means, 1);
    fill(vertices, "z", cloud.means, 2);
    fill_numbered(vertices, "scale_", cloud.log_scales);
    fill_numbered(vertices, "rot_", cloud.rotations);
    fill_numbered(vertices, "f_dc_", cloud.sh_dc);
    fill(vertices, "opacity", cloud.opacities);
    const int64_t coefficients = cloud.sh_rest.extent(1);
    for (int64_t k = 0; k < coefficients; ++k) {
        for (int64_t channel = 0; channel < 3; ++channel) {
            fill(vertices, "f_rest_" + std::to_string(channel * coefficients + k), cloud.sh_rest,
                 3 * k + channel);
        }
    }
    return cloud;
}

void write_ply(const std::filesystem::path& path, const Cloud& cloud) {
    AtomicFile file(path);
    file.write(header_of(cloud));
    constexpr int64_t kBlock = 4096;  // rows
    const int64_t coefficients = cloud.sh_rest.extent(1);
    std::vector<float> rows;
    for (int64_t i = 0; i < cloud.count(); ++i) {
        append_row(rows, cloud.means, i);
        rows.insert(rows.end(), 3, 0.F);  // normals
        append_row(rows, cloud.sh_dc, i);
        const float* rest = cloud.sh_rest.data<float>() + 3 * coefficients * i;
        for (int64_t part = 0; part < 3 * coefficients; ++part) {
            rows.push_back(rest[3 * (part % coefficients) + part / coefficients]);
        }
        append_row(rows, cloud.opacities, i);
        append_row(rows, cloud.log_scales, i);
        append_row(rows, cloud.rotations, i);
        if ((i + 1) % kBlock == 0 || i + 1 == cloud.count()) {
            file.write(std::as_bytes(std::span(rows)));
            rows.clear();
        }
    }
    file.commit();
}

}  // namespace longtake::gaussians
