#include "diffusion/ops/activation.h"
#include "diffusion/ops/add.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/denoise.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/modulation.h"
#include "diffusion/ops/qkv_slots.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/timestep_embedding.h"
#include "tests/diffusion/cuda_testing.h"

#include <array>
#include <cstdio>
#include <numbers>
#include <numeric>

// Every op on the GPU against the same op on the CPU.
namespace longtake::diffusion {
namespace {

TEST(CudaOps, Linear) {
    LONGTAKE_NEEDS_GPU();
    struct Case {
        int64_t rows, in, out;
    };
    Workspace cpu, gpu(Device::Cuda);
    for (const DType compute : kTypes) {
        for (const Case c :
             {Case{1, 256, 96}, Case{7, 20, 48}, Case{33, 48, 144}, Case{100, 64, 16},
              Case{257, 128, 96}, Case{300, 512, 1024}, Case{130, 33, 17}}) {
            if (compute == DType::BF16 && c.in % 2 != 0) {
                continue;  // odd rows of bf16: no model has them
            }
            const Tensor weight = random_tensor({c.out, c.in}, 1, DType::F32, 0.2F);
            const Tensor bias = random_tensor({c.out}, 2), gate = random_tensor({c.out}, 3);
            const Tensor gpu_gate = gate.to(Device::Cuda);
            const Tensor x = random_tensor({c.rows + 1, c.in}, 4, compute).slice(1, c.rows + 1);
            // Starts where the alignment is that of one row.
            const Tensor gpu_x =
                random_tensor({c.rows + 1, c.in}, 4, compute).to(Device::Cuda).slice(1, c.rows + 1);
            const Linear here(weight, bias, compute), there(weight, bias, compute, Device::Cuda);
            const auto compare = [&](const Tensor& before, const Epilogue& e, const Epilogue& g,
                                     const char* what) {
                Tensor expected = before.clone(), actual = before.to(Device::Cuda);
                here(x, expected, cpu, e);
                there(gpu_x, actual, gpu, g);
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(compute))
                    << what << " " << c.rows << " x " << c.in << " x " << c.out << " in "
                    << name_of(compute) << " to " << name_of(before.dtype());
            };
            for (const DType y : {DType::F32, compute}) {
                const Tensor empty = poisoned({c.rows, c.out}, y, Device::Cpu);
                compare(empty, Epilogue::store(), Epilogue::store(), "store");
                compare(empty, Epilogue::gelu(), Epilogue::gelu(), "gelu");
            }
            const Tensor y = random_tensor({c.rows, c.out}, 5);
            compare(y, Epilogue::add(), Epilogue::add(), "add");
            compare(y, Epilogue::gated_add(gate), Epilogue::gated_add(gpu_gate), "gated add");
            const Tensor gpu_bias = bias.to(Device::Cuda);
            for (const bool gated : {false, true}) {
                Tensor normed(y.shape(), compute);
                Tensor gpu_normed = poisoned(y.shape(), compute, Device::Cuda);
                const auto norm = [&](const Tensor& g, const Tensor& b, Tensor& out) {
                    return (gated ? Epilogue::gated_add(g) : Epilogue::add())
                        .then_norm(g, b, 1e-6, out);
                };
                compare(y, norm(gate, bias, normed), norm(gpu_gate, gpu_bias, gpu_normed),
                        "add and norm");
                EXPECT_LT(error_of(gpu_normed, normed), bound(compute)) << c.out;
            }
        }
    }
}

TEST(CudaOps, LayerNorm) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const Shape& shape : {Shape{1, 48}, Shape{5, 50}, Shape{100, 1536}, Shape{3, 31}}) {
            const Tensor x = random_tensor(shape, 1, DType::F32, 3.F);
            const Tensor gain = random_tensor({shape[1]}, 2), bias = random_tensor({shape[1]}, 3);
            Tensor expected(shape, dtype), actual = poisoned(shape, dtype, Device::Cuda);
            layer_norm(x, gain, bias, 1e-6, expected);
            layer_norm(x.to(Device::Cuda), gain.to(Device::Cuda), bias.to(Device::Cuda), 1e-6,
                       actual, gpu.stream());
            gpu.synchronize();
            EXPECT_LT(error_of(actual, expected), bound(dtype)) << shape.str();
        }
    }
}

TEST(CudaOps, ActivationsAndSums) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    const Shape shape{7, 300};
    const Tensor x = random_tensor(shape, 1, DType::F32, 4.F);
    for (const DType dtype : kTypes) {
        for (const Activation activation : {Activation::Gelu, Activation::QuickGelu}) {
            Tensor expected(shape, dtype), actual = poisoned(shape, dtype, Device::Cuda);
            activate(x, activation, expected);
            activate(x.to(Device::Cuda), activation, actual, gpu.stream());
            gpu.synchronize();
            EXPECT_LT(error_of(actual, expected), bound(dtype));
        }
        Tensor sum = random_tensor(shape, 2).to(dtype), there = sum.to(Device::Cuda);
        add(x.to(dtype), sum);
        add(x.to(dtype).to(Device::Cuda), there, gpu.stream());
        gpu.synchronize();
        EXPECT_TRUE(same_bits(there.to(Device::Cpu), sum));
    }
}

TEST(CudaOps, RmsNormAndRotation) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    constexpr int64_t kFrames = 3, kHeight = 4, kWidth = 5, kHeads = 3;
    const std::array<double, kFrames> times{0, 17, 1e5 + 0.25};
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {24, 32, 64, 128}) {
            const int64_t rows = kFrames * kHeight * kWidth, d = kHeads * dim;
            const Tensor x = random_tensor({rows, 3 * d}, 1, dtype), weight = random_tensor({d}, 2);
            RopeTable here(dim, kHeight, kWidth);
            RopeTable there(dim, kHeight, kWidth, 10000.0, Device::Cuda);
            here.set_time(times);
            there.set_time(times, gpu.stream());
            for (const Rotation rotation :
                 {Rotation::None, Rotation::Space, Rotation::SpaceAndTime}) {
                const bool turns = rotation != Rotation::None;
                Tensor expected({rows, kHeads, dim}, dtype);
                Tensor actual = poisoned(expected.shape(), dtype, Device::Cuda);
                rms_norm(x, d, weight, 1e-6, expected, rotation, turns ? &here : nullptr);
                rms_norm(x.to(Device::Cuda), d, weight.to(Device::Cuda), 1e-6, actual, rotation,
                         turns ? &there : nullptr, gpu.stream());
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(dtype))
                    << dim << " in " << name_of(dtype) << ", " << static_cast<int>(rotation);
            }
            const Tensor gpu_x = x.to(Device::Cuda), gpu_weight = weight.to(Device::Cuda);
            std::array<Tensor, 3> whole, parts;
            for (Tensor& t : whole) {
                t = poisoned({rows, kHeads, dim}, dtype, Device::Cuda);
            }
            for (Tensor& t : parts) {
                t = poisoned({rows, kHeads, dim}, dtype, Device::Cuda);
            }
            split_qkv(gpu_x, gpu_weight, gpu_weight, 1e-6, there, whole[0], whole[1], whole[2],
                      gpu.stream());
            rms_norm(gpu_x, 0, gpu_weight, 1e-6, parts[0], Rotation::SpaceAndTime, &there,
                     gpu.stream());
            rms_norm(gpu_x, d, gpu_weight, 1e-6, parts[1], Rotation::Space, &there, gpu.stream());
            copy_columns(gpu_x, 2 * d, parts[2], gpu.stream());
            gpu.synchronize();
            for (size_t i = 0; i < whole.size(); ++i) {
                EXPECT_TRUE(same_bits(whole[i].to(Device::Cpu), parts[i].to(Device::Cpu))) << dim;
            }
        }
    }
}

TEST(CudaOps, RopeTime) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {24, 32, 64, 128}) {
            for (const int64_t count : {1, 3, 40}) {
                std::vector<double> positions(static_cast<size_t>(count));
                std::iota(positions.begin(), positions.end(), -7.5);
                const Tensor keys = random_tensor({2, 5 * count, dim}, 1, dtype);
                Tensor expected(keys.shape(), dtype), in_place = keys.to(Device::Cuda);
                Tensor actual = poisoned(keys.shape(), dtype, Device::Cuda);
                rope_time(keys, positions, expected);
                rope_time(in_place, positions, actual, 10000.0, gpu.stream());
                rope_time(in_place, positions, in_place, 10000.0, gpu.stream());
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(dtype)) << dim << ", " << count;
                EXPECT_TRUE(same_bits(actual.to(Device::Cpu), in_place.to(Device::Cpu)));
            }
        }
    }
}

TEST(CudaOps, Attention) {
    LONGTAKE_NEEDS_GPU();
    struct Case {
        int64_t rows, heads, dim, slots;
        float spread = 1.F;  // of queries and keys
    };
    Workspace cpu, gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const Case c :
             {Case{1, 1, 24, 1}, Case{5, 2, 24, 7}, Case{65, 3, 32, 64}, Case{37, 2, 64, 63},
              Case{128, 2, 64, 129, 3.F}, Case{130, 2, 96, 100}, Case{200, 2, 128, 257},
              Case{300, 3, 128, 1000}, Case{16, 2, 20, 40}, Case{129, 1, 128, 64, 4.F},
              Case{130, 3, 128, 128}, Case{700, 12, 128, 61}, Case{300, 2, 128, 700, 3.F},
              Case{700, 12, 128, 1500}, Case{2000, 12, 128, 300}, Case{432, 4, 64, 3024},
              Case{30, 2, 24, 700, 3.F}}) {
            const Tensor q = random_tensor({c.rows, c.heads, c.dim}, 1, dtype, c.spread);
            // Rows past the last slot must not be read into the result.
            Tensor keys = poisoned({c.heads, c.slots + 3, c.dim}, dtype, Device::Cpu);
            Tensor values = keys.clone();
            const Tensor k = random_tensor({c.slots, c.heads, c.dim}, 2, dtype, c.spread);
            const Tensor v = random_tensor({c.slots, c.heads, c.dim}, 3, dtype);
            scatter_heads(k, keys, 0);
            scatter_heads(v, values, 0);
            const Tensor gpu_keys = keys.to(Device::Cuda), gpu_values = values.to(Device::Cuda);
            const Tensor bias = random_tensor({c.slots}, 4, DType::F32, 2.F);
            const Tensor gpu_bias = bias.to(Device::Cuda);
            const auto view = [&](const Tensor& rows, const Tensor& columns) {
                return KvView{.keys = rows.raw(),
                              .values = columns.raw(),
                              .slots = c.slots,
                              .stride = c.slots + 3,
                              .dtype = dtype};
            };
            for (const bool biased : {false, true}) {
                const auto values_of = [&](const Tensor& t) {
                    return biased ? t.values<float>() : std::span<const float>();
                };
                Tensor expected(q.shape(), dtype);
                Tensor actual = poisoned(q.shape(), dtype, Device::Cuda);
                attention(q, view(keys, values), expected, cpu, values_of(bias));
                attention(q.to(Device::Cuda), view(gpu_keys, gpu_values), actual, gpu,
                          values_of(gpu_bias));
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(dtype))
                    << c.rows << " rows, " << c.heads << " heads of " << c.dim << ", " << c.slots
                    << " slots in " << name_of(dtype) << (biased ? ", biased" : "");
            }
        }
    }
}

Tensor rounded_to_fp8(const Tensor& t) {
    return t.to(DType::F8E4M3).to(DType::F32);
}

// As attention over fp8 slots rounds them: so that logits of heads of 128 come in eighths of an
// octave.
Tensor queries_in_fp8(const Tensor& q) {
    constexpr float kUnit = 8 * std::numbers::log2e_v<float> / (8 * std::numbers::sqrt2_v<float>);
    Tensor scaled = q.to(DType::F32);
    for (float& x : scaled.values<float>()) {
        x *= kUnit;
    }
    scaled = rounded_to_fp8(scaled);
    for (float& x : scaled.values<float>()) {
        x /= kUnit;
    }
    return scaled;
}

TEST(CudaOps, AttentionOfGroupsOfHeads) {
    LONGTAKE_NEEDS_GPU();
    Workspace cpu, gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {24, 64, 128}) {  // by each of the kernels
            const int64_t rows = 300, heads = 12, slots = 700;
            const Tensor q = random_tensor({rows, heads, dim}, 1, dtype);
            const Tensor keys = random_tensor({heads, slots, dim}, 2, dtype);
            const Tensor values = random_tensor({heads, slots, dim}, 3, dtype);
            std::array<HeadGroup, 2> groups{HeadGroup{{}, 0, 451}, HeadGroup{{}, 129, slots}};
            for (int head = 0; head < heads; ++head) {
                groups[head % 3 == 1 ? 0 : 1].heads.add(head);
            }
            Tensor expected(q.shape(), dtype), actual(q.shape(), dtype, Device::Cuda);
            attention(q, {keys.raw(), values.raw(), slots, slots, dtype, groups}, expected, cpu);
            const Tensor gpu_keys = keys.to(Device::Cuda), gpu_values = values.to(Device::Cuda);
            attention(q.to(Device::Cuda),
                      {gpu_keys.raw(), gpu_values.raw(), slots, slots, dtype, groups}, actual, gpu);
            gpu.synchronize();
            EXPECT_LT(error_of(actual, expected), bound(dtype)) << name_of(dtype) << " x " << dim;
        }
    }
}

// Takes whose caches are of different sizes, some so much smaller that there is no share for them.
TEST(CudaOps, AttentionOfTakes) {
    LONGTAKE_NEEDS_GPU();
    enum class With : uint8_t { Nothing, Biases, Groups };
    Workspace cpu, gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {24, 64, 128}) {
            for (const With with : {With::Nothing, With::Biases, With::Groups}) {
                constexpr int64_t kRows = 150, kHeads = 4;
                const std::array<int64_t, 3> slots{700, 61, 450};
                const Tensor q = random_tensor({3 * kRows, kHeads, dim}, 1, dtype);
                Tensor expected(q.shape(), dtype);
                Tensor actual = poisoned(q.shape(), dtype, Device::Cuda);
                std::vector<Tensor> held;
                std::vector<std::array<HeadGroup, 2>> groups(slots.size());
                std::vector<KvView> views;
                std::vector<std::span<const float>> biases;
                for (size_t i = 0; i < slots.size(); ++i) {
                    const auto at = static_cast<int64_t>(i) * kRows;
                    const auto seed = static_cast<unsigned>(10 * i);
                    const Shape shape{kHeads, slots[i], dim};
                    const Tensor keys = random_tensor(shape, seed + 2, dtype);
                    const Tensor values = random_tensor(shape, seed + 3, dtype);
                    const Tensor bias = random_tensor({slots[i]}, seed + 4, DType::F32, 2.F);
                    groups[i] = {HeadGroup{{}, 0, slots[i] - 9}, HeadGroup{{}, 30, slots[i]}};
                    for (int head = 0; head < kHeads; ++head) {
                        groups[i][head % 3 == 1 ? 0 : 1].heads.add(head);
                    }
                    KvView view{keys.raw(), values.raw(), slots[i], slots[i], dtype};
                    if (with == With::Groups) {
                        view.groups = groups[i];
                    }
                    Tensor out = expected.slice(at, at + kRows);
                    attention(
                        q.slice(at, at + kRows), view, out, cpu,
                        with == With::Biases ? bias.values<float>() : std::span<const float>());
                    for (const Tensor& t : {keys, values, bias}) {
                        held.push_back(t.to(Device::Cuda));
                    }
                    view.keys = held[3 * i].raw();
                    view.values = held[3 * i + 1].raw();
                    views.push_back(view);
                    biases.push_back(held[3 * i + 2].values<float>());
                }
                attention_of_takes(q.to(Device::Cuda), views, actual, gpu,
                                   with == With::Biases
                                       ? std::span<const std::span<const float>>(biases)
                                       : std::span<const std::span<const float>>());
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(dtype))
                    << name_of(dtype) << " x " << dim << ", case " << static_cast<int>(with);
            }
        }
    }
}

// Queries, keys and values of which all elements of queries and keys are off by as much: so are all
// logits then.
struct OffsetOperands {
    Tensor q, keys, values;
    OffsetOperands(const Shape& rows, const Shape& slots, float spread, float query, float key)
        : q(random_tensor(rows, 1, DType::F32, spread)),
          keys(random_tensor(slots, 2, DType::F32, spread)),
          values(random_tensor(slots, 3, DType::BF16)) {
        for (float& x : q.values<float>()) {
            x += query;
        }
        for (float& x : keys.values<float>()) {
            x += key;
        }
        q = q.to(DType::BF16);
        keys = keys.to(DType::BF16);
    }
};

// Over fp8 slots that hold the first `slots` of the operands, and again those from `begin` on.
Tensor attention_over_fp8(const OffsetOperands& o, int64_t slots, int64_t begin, Workspace& gpu) {
    const int64_t heads = o.keys.extent(0), stride = o.keys.extent(1);
    const Tensor keys = o.keys.to(Device::Cuda), values = o.values.to(Device::Cuda);
    Tensor slot_keys = poisoned(keys.shape(), DType::F8E4M3, Device::Cuda);
    Tensor slot_values = slot_keys.clone();
    const Fp8Slots fp8{slot_keys.raw(), slot_values.raw(), stride};
    for (const int64_t from : {int64_t{0}, begin}) {
        attention_quantize_cuda(
            {.kept = {keys.raw(), values.raw(), slots, stride, DType::BF16}, .begin = from}, heads,
            fp8, gpu.stream());
    }
    Tensor out = poisoned(o.q.shape(), DType::BF16, Device::Cuda);
    attention(o.q.to(Device::Cuda), {fp8.keys, fp8.values, slots, stride, DType::F8E4M3}, out, gpu);
    gpu.synchronize();
    return out;
}

// Against fp32 attention over the same quantized operands: what is left is the rounding of the
// weights to fp8 by way of their logarithms, 3 % each.
TEST(CudaOps, AttentionOverFp8Slots) {
    LONGTAKE_NEEDS_GPU();
    struct Case {
        int64_t rows, heads, slots, stride, begin;
        float spread = 1.F, query = 0.F, key = 0.F;
    };
    Workspace cpu, gpu(Device::Cuda);
    for (const Case c : {Case{5, 2, 7, 32, 0}, Case{130, 3, 128, 160, 0}, Case{300, 2, 701, 704, 0},
                         Case{700, 12, 1500, 1536, 1111}, Case{2000, 12, 300, 320, 64},
                         Case{128, 1, 640, 640, 639, 2.F}, Case{128, 1, 640, 640, 0, 4.F},
                         Case{200, 2, 900, 928, 0, 1.F, 1.5F, 1.5F},
                         Case{200, 2, 900, 928, 0, 1.F, 1.5F, -1.5F}}) {
        const OffsetOperands o({c.rows, c.heads, 128}, {c.heads, c.stride, 128}, c.spread, c.query,
                               c.key);
        const Tensor q8 = queries_in_fp8(o.q), keys8 = rounded_to_fp8(o.keys);
        const Tensor values8 = rounded_to_fp8(o.values);
        Tensor expected(o.q.shape(), DType::F32);
        attention(q8, {keys8.raw(), values8.raw(), c.slots, c.stride, DType::F32}, expected, cpu);
        const float off = error_of(attention_over_fp8(o, c.slots, c.begin, gpu), expected);
        std::printf("%ld rows, %ld slots, spread %.0f, keys off by %.1f: %.4f\n", c.rows, c.slots,
                    c.spread, c.key, off);
        EXPECT_LT(off, 5e-2F) << c.rows << " rows, " << c.slots << " slots, spread " << c.spread
                              << ", keys off by " << c.key;  // 0.011 to 0.032 measured
    }
}

// Logits that no weight is left for: nothing is made, not NaN.
TEST(CudaOps, AttentionOverFp8SlotsOfAbsurdLogits) {
    LONGTAKE_NEEDS_GPU();
    Workspace gpu(Device::Cuda);
    const OffsetOperands o({200, 2, 128}, {2, 2048, 128}, 1.F, 16.F, -16.F);
    const Tensor out = attention_over_fp8(o, 2048, 0, gpu).to(Device::Cpu);
    EXPECT_TRUE(same_bits(out, Tensor::zeros(out.shape()).to(DType::BF16)));
}

// From the product to the slots, against the way by tensors of their own: of bf16 on the CPU, of
// fp8 on the GPU.
TEST(CudaOps, QkvToSlots) {
    LONGTAKE_NEEDS_GPU();
    constexpr int64_t kFrames = 3, kHeight = 5, kWidth = 7, kRows = kFrames * kHeight * kWidth;
    constexpr int64_t kHeads = 4, kFirst = 41, kKept = 200, kStride = 224;
    const std::array<double, kFrames> times{11, 12, 13};
    const Workspace gpu(Device::Cuda);
    for (const auto& [dim, fp8] : {std::pair{64, false}, {128, false}, {128, true}}) {
        const int64_t d = kHeads * dim;
        const Tensor qkv = random_tensor({kRows, 3 * d}, 1, DType::BF16);
        const Tensor q_weight = random_tensor({d}, 2), k_weight = random_tensor({d}, 3);
        RopeTable here(dim, kHeight, kWidth);
        RopeTable there(dim, kHeight, kWidth, 10000.0, Device::Cuda);
        here.set_time(times);
        there.set_time(times, gpu.stream());
        Tensor positions({kStride}, DType::F32);
        for (int64_t i = 0; i < kStride; ++i) {
            positions.data<float>()[i] = static_cast<float>(
                times[0] + static_cast<double>((i - kFirst) / (kRows / kFrames)));
        }
        const Tensor gpu_positions = positions.to(Device::Cuda), gpu_qkv = qkv.to(Device::Cuda);
        const Tensor gpu_q_weight = q_weight.to(Device::Cuda);
        const Tensor gpu_k_weight = k_weight.to(Device::Cuda);

        const Shape rows{kRows, kHeads, dim};
        Tensor q(rows, DType::BF16), k(rows, DType::BF16), v(rows, DType::BF16);
        split_qkv(qkv, q_weight, k_weight, 1e-6, here, q, k, v);
        Tensor kept_k = poisoned({kHeads, kKept, dim}, DType::BF16, Device::Cuda);
        Tensor kept_v = kept_k.clone(), gpu_q = poisoned(rows, DType::BF16, Device::Cuda);
        const DType type = fp8 ? DType::F8E4M3 : DType::BF16;
        Tensor keys = Tensor::zeros({kHeads, kStride, dim}).to(type).to(Device::Cuda);
        Tensor values = keys.clone();
        const KvTarget target{.keys = keys.raw(),
                              .values = values.raw(),
                              .first = kFirst,
                              .stride = kStride,
                              .dtype = type,
                              .positions = gpu_positions.data<float>(),
                              .kept_keys = kept_k.raw(),
                              .kept_values = kept_v.raw(),
                              .kept_stride = kKept};
        ASSERT_TRUE(qkv_to_slots_cuda(gpu_qkv, gpu_q_weight, gpu_k_weight, 1e-6, there, gpu_q,
                                      {&target, 1}, gpu.stream()));
        gpu.synchronize();
        EXPECT_LT(error_of(gpu_q, q), bound(DType::BF16)) << dim;
        const auto slots_of = [&](const Tensor& t) {  // as rows again
            const Tensor all = t.to(Device::Cpu).to(DType::F32);
            Tensor out(rows, DType::F32);
            for (int64_t r = 0; r < kRows; ++r) {
                for (int64_t h = 0; h < kHeads; ++h) {
                    std::copy_n(all.data<float>() + (h * t.extent(1) + kFirst + r) * dim, dim,
                                out.data<float>() + (r * kHeads + h) * dim);
                }
            }
            return out;
        };
        EXPECT_LT(error_of(slots_of(kept_k), k), bound(DType::BF16)) << dim;
        EXPECT_TRUE(same_bits(slots_of(kept_v), v.to(DType::F32))) << dim;
        if (!fp8) {
            Tensor turned = k.reshape({1, kRows * kHeads, dim}).clone();
            rope_time(turned, times, turned);
            EXPECT_LT(error_of(slots_of(keys), turned.reshape(rows)), bound(DType::BF16)) << dim;
            EXPECT_TRUE(same_bits(slots_of(values), v.to(DType::F32))) << dim;
            continue;
        }
        Tensor expected_keys = Tensor::zeros({kHeads, kStride, dim}).to(type).to(Device::Cuda);
        Tensor expected_values = expected_keys.clone();
        const Tensor fresh_k = k.to(Device::Cuda), fresh_v = v.to(Device::Cuda);
        Tensor zero = Tensor::zeros(kept_k.shape()).to(DType::BF16).to(Device::Cuda);
        Tensor zero_v = zero.clone();
        attention_quantize_cuda(
            {.kept = {zero.raw(), zero_v.raw(), kFirst + kRows, kKept, DType::BF16},
             .begin = kFirst,
             .positions = gpu_positions.data<float>(),
             .fresh_keys = fresh_k.raw(),
             .fresh_values = fresh_v.raw(),
             .fresh = kRows},
            kHeads, {expected_keys.raw(), expected_values.raw(), kStride}, gpu.stream());
        gpu.synchronize();
        EXPECT_LT(error_of(keys, expected_keys.to(Device::Cpu)),
                  1e-2F);  // k of the CPU rounds anew
        EXPECT_TRUE(same_bits(values.to(Device::Cpu), expected_values.to(Device::Cpu)));
    }
}

TEST(CudaOps, LinearInFp8) {
    LONGTAKE_NEEDS_GPU();
    Workspace cpu, gpu(Device::Cuda);
    constexpr int64_t kIn = 256, kOut = 384;
    const Tensor weight = random_tensor({kOut, kIn}, 1, DType::F32, 0.05F);
    const Tensor bias = random_tensor({kOut}, 2), gate = random_tensor({kOut}, 3);
    const Tensor gpu_gate = gate.to(Device::Cuda);
    const Linear here(weight, bias, DType::F32);
    const Linear there(weight, bias, DType::F8E4M3, Device::Cuda);
    for (const int64_t rows : {16, 100, 333}) {
        const Tensor x = random_tensor({rows, kIn}, 4).to(DType::F8E4M3);
        const auto compare = [&](const Tensor& before, DType type, const Epilogue& e,
                                 const Epilogue& g, const char* what) {
            Tensor expected = before.clone(), actual = before.to(type).to(Device::Cuda);
            here(x.to(DType::F32), expected, cpu, e);
            there(x.to(Device::Cuda), actual, gpu, g);
            gpu.synchronize();
            // The weights' own rounding: 2.5 % each.
            EXPECT_LT(error_of(actual, expected), 5e-2F)
                << what << " " << rows << " to " << name_of(type);
        };
        const Tensor y = random_tensor({rows, kOut}, 5);
        for (const DType type : {DType::F32, DType::BF16, DType::F8E4M3}) {
            compare(y, type, Epilogue::store(), Epilogue::store(), "store");
            compare(y, type, Epilogue::gelu(), Epilogue::gelu(), "gelu");
        }
        compare(y, DType::F32, Epilogue::add(), Epilogue::add(), "add");
        compare(y, DType::F32, Epilogue::gated_add(gate), Epilogue::gated_add(gpu_gate),
                "gated add");
    }
}

TEST(CudaOps, TimestepAndModulation) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        Tensor expected({1, 256}, dtype), actual = poisoned({1, 256}, dtype, Device::Cuda);
        timestep_embedding(937.5, expected);
        timestep_embedding(937.5, actual, gpu.stream());
        gpu.synchronize();
        EXPECT_LT(error_of(actual, expected), bound(dtype));
        const Tensor x = random_tensor({3, 77}, 1, DType::F32, 4.F);
        Tensor y({3, 77}, dtype), gpu_y = poisoned({3, 77}, dtype, Device::Cuda);
        silu(x, y);
        silu(x.to(Device::Cuda), gpu_y, gpu.stream());
        gpu.synchronize();
        EXPECT_LT(error_of(gpu_y, y), bound(dtype));
    }
    const Tensor table = random_tensor({6, 50}, 2);
    for (const int64_t rows : {1, 6}) {
        const Tensor e = random_tensor({rows, 50}, 3);
        Tensor expected({6, 50}, DType::F32);
        Tensor actual = poisoned({6, 50}, DType::F32, Device::Cuda);
        modulation(table, e, {1, 4}, expected);
        modulation(table.to(Device::Cuda), e.to(Device::Cuda), {1, 4}, actual, gpu.stream());
        gpu.synchronize();
        EXPECT_TRUE(same_bits(actual.to(Device::Cpu), expected));
    }
}

TEST(CudaOps, MovesOfElementsAreExact) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        const Tensor latents = random_tensor({3, 5, 4, 6}, 1);
        Tensor patches({18, 7 * 4}, dtype);
        Tensor gpu_patches = poisoned(patches.shape(), dtype, Device::Cuda);
        patchify(latents, 2, 2, patches);
        patchify(latents.to(Device::Cuda), 2, 2, gpu_patches, gpu.stream());
        gpu.synchronize();
        EXPECT_TRUE(same_bits(gpu_patches.to(Device::Cpu), patches));

        for (const int64_t dim : {7, 24, 64}) {
            const Tensor from = random_tensor({11, 3 * 2 * dim}, 2, dtype);
            Tensor columns({11, 2, dim}, dtype);
            Tensor gpu_columns = poisoned(columns.shape(), dtype, Device::Cuda);
            copy_columns(from, 2 * dim, columns);
            copy_columns(from.to(Device::Cuda), 2 * dim, gpu_columns, gpu.stream());
            Tensor slots = poisoned({2, 20, dim}, dtype, Device::Cpu);
            Tensor gpu_slots = slots.to(Device::Cuda);
            scatter_heads(columns, slots, 5);
            scatter_heads(gpu_columns, gpu_slots, 5, gpu.stream());
            gpu.synchronize();
            EXPECT_TRUE(same_bits(gpu_columns.to(Device::Cpu), columns)) << dim;
            EXPECT_TRUE(same_bits(gpu_slots.to(Device::Cpu), slots)) << dim;
        }
    }
    const Tensor tokens = random_tensor({18, 4 * 5}, 3);
    Tensor flow({3, 5, 4, 6}, DType::F32);
    Tensor gpu_flow = poisoned(flow.shape(), DType::F32, Device::Cuda);
    unpatchify(tokens, 2, 2, flow);
    unpatchify(tokens.to(Device::Cuda), 2, 2, gpu_flow, gpu.stream());
    gpu.synchronize();
    EXPECT_TRUE(same_bits(gpu_flow.to(Device::Cpu), flow));
}

TEST(CudaOps, Denoising) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    const Tensor a = random_tensor({777}, 1), b = random_tensor({777}, 2);
    const Tensor gpu_a = a.to(Device::Cuda), gpu_b = b.to(Device::Cuda);
    Tensor clean({777}, DType::F32), noisy({777}, DType::F32);
    Tensor gpu_clean = poisoned({777}, DType::F32, Device::Cuda), gpu_noisy = gpu_clean.clone();
    predict_clean(a, b, 0.9375, clean);
    predict_clean(gpu_a, gpu_b, 0.9375, gpu_clean, gpu.stream());
    add_noise(a, b, 0.625, noisy);
    add_noise(gpu_a, gpu_b, 0.625, gpu_noisy, gpu.stream());
    gpu.synchronize();
    EXPECT_LT(error_of(gpu_clean, clean), 1e-6F);
    EXPECT_LT(error_of(gpu_noisy, noisy), 1e-6F);
}

}  // namespace
}  // namespace longtake::diffusion
