#pragma once

namespace longtake::diffusion {

// What this machine can run, of the instruction sets that kernels are compiled for.
bool has_avx2();
bool has_avx512();
bool has_avx512_bf16();
// The matrix unit, and the byte shuffles (VBMI) that are beside it. Also asks Linux for the matrix
// unit's registers, which it keeps only for processes that have.
bool has_amx_bf16();

}  // namespace longtake::diffusion
