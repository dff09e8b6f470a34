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

// The 48 registers of a result [64, 96] and the 64 of one [64, 128], in the order of the
// instruction.
#define LONGTAKE_NAMES_48                                                              \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "           \
    "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47"
#define LONGTAKE_NAMES_64 \
    LONGTAKE_NAMES_48     \
    ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define LONGTAKE_RESULT_48(d)                                                                      \
    "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]),            \
        "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]),    \
        "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), \
        "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), \
        "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), \
        "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), "+f"(d[41]), \
        "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47])
#define LONGTAKE_RESULT_64(d)                                                                      \
    LONGTAKE_RESULT_48(d), "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]),        \
        "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), \
        "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])

// d += a b: 64 rows and 128 or 96 columns of 32 bytes along the summed dimension, all from
// shared memory; d is overwritten unless `add`.
struct Bf16Products {
    static __device__ void multiply(float (&d)[64], uint64_t a, uint64_t b, bool add) {
        asm volatile(
            "{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"
            "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" LONGTAKE_NAMES_64
            "}, %64, %65, p, 1, 1, 0, 0;\n}"
            : LONGTAKE_RESULT_64(d)
            : "l"(a), "l"(b), "r"(static_cast<int>(add)));
    }
    // a [64, 16] from registers; b [16, 128] with its rows along the columns of the result.
    static __device__ void add(float (&d)[64], const unsigned (&a)[4], uint64_t b) {
        asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" LONGTAKE_NAMES_64
                     "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
                     : LONGTAKE_RESULT_64(d)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
    }
};

struct Fp8Products {
    static __device__ void multiply(float (&d)[48], uint64_t a, uint64_t b, bool add) {
        asm volatile(
            "{\n.reg .pred p;\nsetp.ne.b32 p, %50, 0;\n"
            "wgmma.mma_async.sync.aligned.m64n96k32.f32.e4m3.e4m3 {" LONGTAKE_NAMES_48
            "}, %48, %49, p, 1, 1;\n}"
            : LONGTAKE_RESULT_48(d)
            : "l"(a), "l"(b), "r"(static_cast<int>(add)));
    }
    // a [64, 32] from registers; b [32, 128] as its transpose: the unit turns no bytes.
    static __device__ void add(float (&d)[64], const unsigned (&a)[4], uint64_t b) {
        asm volatile("wgmma.mma_async.sync.aligned.m64n128k32.f32.e4m3.e4m3 {" LONGTAKE_NAMES_64
                     "}, {%64, %65, %66, %67}, %68, 1, 1, 1;"
                     : LONGTAKE_RESULT_64(d)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
    }
};

#undef LONGTAKE_NAMES_48
#undef LONGTAKE_NAMES_64
#undef LONGTAKE_RESULT_48
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
