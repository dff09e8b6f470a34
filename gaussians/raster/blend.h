#pragma once

#include "gaussians/raster/bin.h"

#include <array>
#include <cstdint>
#include <span>

namespace longtake::gaussians {

// What the pixels of a picture are made of, planar: [3, H, W], [H, W], [H, W].
template <typename Scalar> struct PicturePlanes {
    Scalar* colour = nullptr;
    Scalar* alpha = nullptr;
    Scalar* depth = nullptr;
};

// A picture to blend, its Gaussians listed by tile.
template <typename Scalar> struct BlendScene {
    const TileGrid& grid;
    const TileLists& lists;
    const Splat<Scalar>* splats;
    std::array<Scalar, 3> background;
};

// One tile, in plain memory: kernels call no function of a library.
template <typename Scalar> struct TileWork {
    int64_t x, y;           // its first pixel
    int64_t width, height;  // of the picture
    const Splat<Scalar>* splats;
    const TileLists::Entry* entries;  // [count], nearest first
    int64_t count;
    Scalar background[3];
};

// For one instruction set. A tile writes to its own pixels and slots only.
template <typename Scalar> struct BlendKernel {
    void (*forward)(const TileWork<Scalar>& work, const PicturePlanes<Scalar>& out);
    // `picture` is what `forward` wrote, `by_picture` the gradient of the loss by it.
    void (*backward)(const TileWork<Scalar>& work, const PicturePlanes<const Scalar>& picture,
                     const PicturePlanes<const Scalar>& by_picture, SplatGradient<Scalar>* slots);
};

// Those that the machine can run, the fastest first.
template <typename Scalar> std::span<const BlendKernel<Scalar>* const> blend_kernels();

// All alive tiles; pixels of dead ones become 0.
template <typename Scalar>
void blend(const BlendScene<Scalar>& scene, const PicturePlanes<Scalar>& out,
           const BlendKernel<Scalar>& kernel = *blend_kernels<Scalar>().front());
template <typename Scalar>
void blend_backward(const BlendScene<Scalar>& scene, const PicturePlanes<const Scalar>& picture,
                    const PicturePlanes<const Scalar>& by_picture, SplatGradient<Scalar>* slots,
                    const BlendKernel<Scalar>& kernel = *blend_kernels<Scalar>().front());

}  // namespace longtake::gaussians
