#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// What reading and writing SPZ share.
namespace longtake::gaussians {

constexpr uint32_t kSpzMagic = 0x5053474e;  // "NGSP"
constexpr uint32_t kSpzVersion = 4;         // the newest
constexpr int kSpzFractionBits = 12;        // of positions, usually
constexpr float kSpzColourScale = 0.15F;    // of the coefficients of degree 0
constexpr size_t kSpzHeaderBytes = 32;      // of version 4

// An extension that names the axes, of which 4 are the usual ones.
constexpr uint32_t kSpzAxesExtension = 0xadbe0003, kSpzAxes = 4;

// What half a turn about x does to positions and to the x, y, z of quaternions, and to the
// coefficients of the spherical harmonics of degrees 1 to 3.
constexpr std::array<float, 3> kHalfTurn{1, -1, -1};
constexpr std::array<float, 15> kHalfTurnSh{-1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1};

// The Cloud's w, x, y, z from SPZ's x, y, z, w.
constexpr std::array<size_t, 4> kSpzQuaternion{3, 0, 1, 2};

}  // namespace longtake::gaussians
