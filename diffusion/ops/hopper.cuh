#pragma once

#include <cuda.h>
#include <cuda_bf16.h>

#include <cstdint>

// Hopper's own instructions, under names: the bulk copy engine, the barriers it completes on, and
// the matrix unit that a group of four warps feeds from shared memory. PTX ISA 8.0 and later,
// sm_90a.
namespace longtake::diffusion::hopper {

__device__ inline unsigned shared_address(const void* p) {
    return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

// A barrier in shared memory: a phase ends when `count` arrivals and all announced bytes are there.
// Phases alternate between parity 0 and 1.
class Barrier {
  public:
    __device__ void init(unsigned count) {
        asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(&state_)),
                     "r"(count)
                     : "memory");
    }
    __device__ void arrive() {
        asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(&state_))
                     : "memory");
    }
    __device__ void arrive_and_expect(unsigned bytes) {
        asm volatile(
            "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(&state_)),
            "r"(bytes)
            : "memory");
    }
    // Until the phase of this parity is over.
    __device__ void wait(unsigned parity) {
        asm volatile(
            "{\n.reg .pred p;\nwaiting:\n"
            "mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n"
            "@p bra done;\nbra waiting;\ndone:\n}" ::"r"(shared_address(&state_)),
            "r"(parity)
            : "memory");
    }

  private:
    uint64_t state_;
};

// After barriers were made, before the copy engine sees them.
__device__ inline void fence_barriers() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

// A box of a tensor into shared memory; its bytes arrive at `barrier`.
__device__ inline void load_box(void* to, const CUtensorMap& map, Barrier& barrier, int x, int y,
                                int z, int w) {
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], "
        "[%1, {%2, %3, %4, %5}], [%6];" ::"r"(shared_address(to)),
        "l"(&map), "r"(x), "r"(y), "r"(z), "r"(w), "r"(shared_address(&barrier))
        : "memory");
}

// Where the matrix unit finds a tile that the copy engine wrote in rows of 128 bytes, swizzled.
// `group` is the distance between groups of eight rows, `half` that between one 128 bytes of a row
// and the next, where those lie apart along the result's columns. Bytes.
__device__ inline uint64_t tile_at(const void* p, unsigned group, unsigned half = 16) {
    constexpr uint64_t kSwizzle128 = 1ULL << 62;
    return kSwizzle128 | uint64_t{(shared_address(p) & 0x3ffffU) >> 4} | uint64_t{half >> 4} << 16 |
           uint64_t{group >> 4} << 32;
}

// The same `bytes` further on, a multiple of 16.
__device__ inline uint64_t moved(uint64_t tile, unsigned bytes) {
    return (tile & 0xffffffff00000000ULL) | (static_cast<unsigned>(tile) + (bytes >> 4));
}

// Before a group of products whose registers were touched since the last.
__device__ inline void begin_products() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ inline void commit_products() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// Until at most kPending groups are under way.
template <int kPending> __device__ void wait_for_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}
// The compiler must not read `d` before this point, nor keep writes to it for later.
template <int kCount> __device__ void settle(float (&d)[kCount]) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
        asm volatile("" : "+f"(d[i])::"memory");
    }
}
template <int kCount> __device__ void settle(unsigned (&d)[kCount]) {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
        asm volatile("" : "+r"(d[i])::"memory");
    }
}

// The registers of a result in the order of the instruction: 64 of [64, 128] in fp32, 68 of [64,
// 136] in fp32, 32 of [64, 128] in pairs of halves.
#define LONGTAKE_NAMES_32                                                                        \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, " \
    "%20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define LONGTAKE_NAMES_64                                                                     \
    LONGTAKE_NAMES_32                                                                         \
    ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, " \
    "%49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define LONGTAKE_NAMES_68 LONGTAKE_NAMES_64 ", %64, %65, %66, %67"
#define LONGTAKE_RESULT_32(kind, d)                                                                \
    kind(d[0]), kind(d[1]), kind(d[2]), kind(d[3]), kind(d[4]), kind(d[5]), kind(d[6]),            \
        kind(d[7]), kind(d[8]), kind(d[9]), kind(d[10]), kind(d[11]), kind(d[12]), kind(d[13]),    \
        kind(d[14]), kind(d[15]), kind(d[16]), kind(d[17]), kind(d[18]), kind(d[19]), kind(d[20]), \
        kind(d[21]), kind(d[22]), kind(d[23]), kind(d[24]), kind(d[25]), kind(d[26]), kind(d[27]), \
        kind(d[28]), kind(d[29]), kind(d[30]), kind(d[31])
#define LONGTAKE_RESULT_64(kind, d)                                                                \
    LONGTAKE_RESULT_32(kind, d), kind(d[32]), kind(d[33]), kind(d[34]), kind(d[35]), kind(d[36]),  \
        kind(d[37]), kind(d[38]), kind(d[39]), kind(d[40]), kind(d[41]), kind(d[42]), kind(d[43]), \
        kind(d[44]), kind(d[45]), kind(d[46]), kind(d[47]), kind(d[48]), kind(d[49]), kind(d[50]), \
        kind(d[51]), kind(d[52]), kind(d[53]), kind(d[54]), kind(d[55]), kind(d[56]), kind(d[57]), \
        kind(d[58]), kind(d[59]), kind(d[60]), kind(d[61]), kind(d[62]), kind(d[63])

// d += a b over 32 bytes along the summed dimension; `multiply` overwrites d unless `add`. b comes
// from shared memory, a too, or from registers.
struct Bf16Products {
    static __device__ void multiply(float (&d)[64], uint64_t a, uint64_t b, bool add) {
        asm volatile(
            "{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"
            "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" LONGTAKE_NAMES_64
            "}, %64, %65, p, 1, 1, 0, 0;\n}"
            : LONGTAKE_RESULT_64("+f", d)
            : "l"(a), "l"(b), "r"(static_cast<int>(add)));
    }
    // a [64, 16] from registers; b [16, 128] with its rows along the columns of the result.
    static __device__ void add(float (&d)[64], const unsigned (&a)[4], uint64_t b) {
        asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" LONGTAKE_NAMES_64
                     "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
                     : LONGTAKE_RESULT_64("+f", d)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
    }
};

struct Fp8Products {
    // a [64, 32] from registers, b [128, 32].
    static __device__ void multiply(unsigned (&d)[32], const unsigned (&a)[4], uint64_t b,
                                    bool add) {
        asm volatile(
            "{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
            "wgmma.mma_async.sync.aligned.m64n128k32.f16.e4m3.e4m3 {" LONGTAKE_NAMES_32
            "}, {%32, %33, %34, %35}, %36, p, 1, 1;\n}"
            : LONGTAKE_RESULT_32("+r", d)
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(static_cast<int>(add)));
    }
    // a [64, 32] from registers; b [32, 136] as its transpose: the unit turns no bytes.
    static __device__ void add(float (&d)[68], const unsigned (&a)[4], uint64_t b) {
        asm volatile("wgmma.mma_async.sync.aligned.m64n136k32.f32.e4m3.e4m3 {" LONGTAKE_NAMES_68
                     "}, {%68, %69, %70, %71}, %72, 1, 1, 1;"
                     : LONGTAKE_RESULT_64("+f", d), "+f"(d[64]), "+f"(d[65]), "+f"(d[66]),
                       "+f"(d[67])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
    }
};

#undef LONGTAKE_NAMES_32
#undef LONGTAKE_NAMES_64
#undef LONGTAKE_NAMES_68
#undef LONGTAKE_RESULT_32
#undef LONGTAKE_RESULT_64

template <int kRegisters> __device__ void grow_registers() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters> __device__ void shrink_registers() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// What ordinary stores wrote to shared memory becomes visible to the matrix unit and copy engine.
__device__ inline void publish_shared() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// Named barriers between warps; `threads` of those that wait and those that only arrive.
__device__ inline void wait_at(int barrier, int threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
__device__ inline void arrive_at(int barrier, int threads) {
    asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

}  // namespace longtake::diffusion::hopper
