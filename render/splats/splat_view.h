#pragma once

#include "core/pinhole.h"
#include "core/tensor.h"
#include "render/target.h"

#include <array>
#include <cstdint>
#include <functional>
#include <span>

namespace longtake::render {

// N Gaussians to draw, fp32 in host memory, in the form in which 3DGS stores them. Tensors that
// have been drawn are not written to any more: what changes comes in others.
struct Splats {
    Tensor means;       // [N, 3] scene units
    Tensor log_scales;  // [N, 3]
    Tensor rotations;   // [N, 4] w, x, y, z
    Tensor opacities;   // [N] logits
    Tensor sh_dc;       // [N, 3]
    Tensor sh_rest;     // [N, 0, 3, 8 or 15, 3]
    Tensor marks;       // [N] 8 bits, rows of SplatLook::marks; empty: none

    int64_t count() const { return means.empty() ? 0 : means.extent(0); }
    int sh_degree() const;
};

struct SplatLook {
    static constexpr size_t kMarks = 8;
    struct Mark {
        Colour colour{0, 0, 0};
        float amount = 0;  // of it; the rest is the splat's own
        bool hidden = false;

        bool operator==(const Mark&) const = default;
    };
    int sh_degree = 3;  // higher ones are left out
    // Depths, by whose logarithm splats are shaded instead of coloured; 0: they are coloured.
    double nearest = 0, farthest = 0;
    std::array<Mark, kMarks> marks{};
};

// In the scene, hidden behind splats and hiding them.
struct Line {
    std::array<float, 3> from{};
    float width = 1;  // pixels
    std::array<float, 3> to{};
    uint32_t colour = 0;  // 8 bits each, red lowest
};

enum class SplatMethod : uint8_t {
    Quads,  // instanced, blended by the raster units
    Tiles,  // blended by compute shaders, nearest first
};

// Splats, and the lines among them, as somebody else drew them, on the CPU, fp32.
struct SplatPicture {
    Tensor colour;  // [3, H, W], premultiplied by alpha
    Tensor alpha;   // [H, W]
};

// What is drawn of a scene of splats.
struct SplatView {
    const Splats* splats = nullptr;
    // Paints them and the lines when they are drawn, of the size of where they go, where somebody
    // else does.
    std::function<const SplatPicture&()> painter = {};
    Pinhole camera;      // whatever its size: it fills where the view goes
    double near = 0.01;  // what is nearer is left out; scene units
    SplatLook look;
    std::span<const Line> lines = {};
};

// The same as shaders read it.
struct ShaderView {
    float rows[3][4], eye[4], lens[4], limits[4], size[2], depths[2];
    uint32_t count, degree, rest_count, marked;
    float marks[SplatLook::kMarks][4];
};
ShaderView shader_view(const SplatView& view, VkExtent2D extent);

}  // namespace longtake::render
