#pragma once

#include "diffusion/ops/hopper.cuh"

// The products of the matrix unit in the widths that convolutions need.
namespace longtake::diffusion::hopper {

// Rows of 64 or 128 bytes along the summed dimension, as the copy engine wrote them.
template <int kRowBytes> __device__ uint64_t rows_at(const void* p) {
    static_assert(kRowBytes == 64 || kRowBytes == 128);
    constexpr uint64_t kSwizzle64 = 3ULL << 62;  // flips tile_at's own from 1 to 2
    return tile_at(p, 8 * kRowBytes) ^ (kRowBytes == 64 ? kSwizzle64 : 0);
}

// d [64, N] += a [64, 16] b [N, 16]^T in bf16, overwritten unless `adds`; d has N / 2 values a
// thread: 4 i + 2 half + e of thread t is row 16 (t / 32) + 8 half + t % 32 / 4, column 8 i + 2 (t
// % 4) + e.
template <int kValues>
__device__ void multiply(float (&d)[kValues], uint64_t a, uint64_t b, bool adds);

#define LONGTAKE_REGISTERS_8(i)                                                                 \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), \
        "+f"(d[i + 6]), "+f"(d[i + 7])
#define LONGTAKE_REGISTERS_16(i) LONGTAKE_REGISTERS_8(i), LONGTAKE_REGISTERS_8(i + 8)
#define LONGTAKE_REGISTERS_32(i) LONGTAKE_REGISTERS_16(i), LONGTAKE_REGISTERS_16(i + 16)

#define LONGTAKE_NAMES_8_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define LONGTAKE_NAMES_8_1 "%8, %9, %10, %11, %12, %13, %14, %15"
#define LONGTAKE_NAMES_8_2 "%16, %17, %18, %19, %20, %21, %22, %23"
#define LONGTAKE_NAMES_8_3 "%24, %25, %26, %27, %28, %29, %30, %31"
#define LONGTAKE_NAMES_8_4 "%32, %33, %34, %35, %36, %37, %38, %39"
#define LONGTAKE_NAMES_8_5 "%40, %41, %42, %43, %44, %45, %46, %47"
#define LONGTAKE_NAMES_8_6 "%48, %49, %50, %51, %52, %53, %54, %55"
#define LONGTAKE_NAMES_8_7 "%56, %57, %58, %59, %60, %61, %62, %63"
#define LONGTAKE_NAMES_8_8 "%64, %65, %66, %67, %68, %69, %70, %71"
#define LONGTAKE_NAMES_8_9 "%72, %73, %74, %75, %76, %77, %78, %79"
#define LONGTAKE_NAMES_8_10 "%80, %81, %82, %83, %84, %85, %86, %87"
#define LONGTAKE_NAMES_8_11 "%88, %89, %90, %91, %92, %93, %94, %95"
#define LONGTAKE_NAMES_32 \
    LONGTAKE_NAMES_8_0 ", " LONGTAKE_NAMES_8_1 ", " LONGTAKE_NAMES_8_2 ", " LONGTAKE_NAMES_8_3
#define LONGTAKE_NAMES_48 LONGTAKE_NAMES_32 ", " LONGTAKE_NAMES_8_4 ", " LONGTAKE_NAMES_8_5
#define LONGTAKE_NAMES_64 LONGTAKE_NAMES_48 ", " LONGTAKE_NAMES_8_6 ", " LONGTAKE_NAMES_8_7
#define LONGTAKE_NAMES_96                                                                      \
    LONGTAKE_NAMES_64 ", " LONGTAKE_NAMES_8_8 ", " LONGTAKE_NAMES_8_9 ", " LONGTAKE_NAMES_8_10 \
                      ", " LONGTAKE_NAMES_8_11

// The operands after the registers are `a`, `b` and `adds`.
#define LONGTAKE_MULTIPLY(n, values, names, a, b, adds, ...)                                   \
    template <>                                                                                \
    __device__ inline void multiply<values>(float(&d)[values], uint64_t da, uint64_t db,       \
                                            bool on) {                                         \
        asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, " adds                                  \
                     ", 0;\n"                                                                  \
                     "wgmma.mma_async.sync.aligned.m64n" n "k16.f32.bf16.bf16 {" names "}, " a \
                     ", " b ", p, 1, 1, 0, 0;\n}\n"                                            \
                     : __VA_ARGS__                                                             \
                     : "l"(da), "l"(db), "r"(static_cast<int>(on)));                           \
    }

LONGTAKE_MULTIPLY("16", 8, LONGTAKE_NAMES_8_0, "%8", "%9", "%10", LONGTAKE_REGISTERS_8(0))
LONGTAKE_MULTIPLY("32", 16, LONGTAKE_NAMES_8_0 ", " LONGTAKE_NAMES_8_1, "%16", "%17", "%18",
                  LONGTAKE_REGISTERS_16(0))
LONGTAKE_MULTIPLY("64", 32, LONGTAKE_NAMES_32, "%32", "%33", "%34", LONGTAKE_REGISTERS_32(0))
LONGTAKE_MULTIPLY("96", 48, LONGTAKE_NAMES_48, "%48", "%49", "%50", LONGTAKE_REGISTERS_32(0),
                  LONGTAKE_REGISTERS_16(32))
LONGTAKE_MULTIPLY("128", 64, LONGTAKE_NAMES_64, "%64", "%65", "%66", LONGTAKE_REGISTERS_32(0),
                  LONGTAKE_REGISTERS_32(32))
LONGTAKE_MULTIPLY("192", 96, LONGTAKE_NAMES_96, "%96", "%97", "%98", LONGTAKE_REGISTERS_32(0),
                  LONGTAKE_REGISTERS_32(32), LONGTAKE_REGISTERS_32(64))

#undef LONGTAKE_MULTIPLY

}  // namespace longtake::diffusion::hopper
