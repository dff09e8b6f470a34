// How fast the parts of Wan2.1-1.3B are on this GPU, with random weights, and how far off the CPU's
// fp32: one JSON line each, with every rate as a share of what a plain bf16 product of cuBLASLt, or
// a copy, reaches in the same run.
//   diffusion_cuda_bench [layers]
#include "core/cuda.h"
#include "diffusion/models/causal_transformer.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/rms_norm.h"
#include "tests/diffusion/cuda_testing.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/diffusion/reference_memory.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr int64_t kHeight = 30, kWidth = 52, kTokens = kHeight * kWidth, kChunk = 3, kWindow = 21;
constexpr int64_t kRows = kChunk * kTokens, kPromptRows = 60;

Tensor on_gpu(const Shape& shape, unsigned seed, DType dtype) {
    return random_tensor(shape, seed, dtype).to(Device::Cuda);
}

class Bench {
  public:
    explicit Bench(GpuStream stream) : stream_(stream) {}
    void watch(GpuStream stream) { stream_ = stream; }

    // The median of several runs after a few to get warm, in milliseconds.
    template <typename Work> double time(Work&& work, int runs = 20) {
        for (int i = 0; i < 3; ++i) {
            work();
        }
        std::vector<float> times;
        for (int i = 0; i < runs; ++i) {
            begin_.record(stream_);
            work();
            end_.record(stream_);
            end_.synchronize();
            times.push_back(end_.since(begin_));
        }
        std::ranges::sort(times);
        return times[times.size() / 2];
    }

    struct Cost {
        double flops = 0, bytes = 0;
    };
    // `off`: from what the CPU makes of it in fp32, relative.
    void report(const std::string& name, double ms, Cost cost, std::optional<float> off = {}) {
        nlohmann::ordered_json line{{"name", name}, {"ms", ms}};
        const auto rate = [&](const char* unit, double per_second, double& ceiling) {
            ceiling = ceiling == 0 ? per_second : ceiling;  // the first one is the plain work
            line[unit] = per_second;
            line["of_ceiling"] = per_second / ceiling;
        };
        if (cost.flops > 0) {
            rate("TFLOP/s", cost.flops / ms * 1e-9, most_tflops_);
        }
        if (cost.bytes > 0) {
            rate("GB/s", cost.bytes / ms * 1e-6, most_gbytes_);
        }
        if (off) {
            line["off_the_cpu"] = *off;
        }
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }

  private:
    GpuStream stream_;
    CudaEvent begin_, end_;
    double most_tflops_ = 0, most_gbytes_ = 0;
};

// The rows that are held against the CPU's.
constexpr int64_t kChecked = 48;

Tensor first_rows(const Tensor& t) {
    return t.slice(0, kChecked).to(Device::Cpu).to(DType::F32);
}

void products(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    const int64_t d = c.width();
    Workspace cpu;
    enum class Then : uint8_t { Store, Gelu, Add, GatedAdd };
    const auto run = [&](const std::string& name, int64_t rows, int64_t in, int64_t out,
                         DType y_type, Then then, DType compute = DType::BF16) {
        const Tensor weight = random_tensor({out, in}, 1, DType::F32, 0.02F);
        const Tensor bias = random_tensor({out}, 2), gate = random_tensor({out}, 5);
        const Tensor gate_there = gate.to(Device::Cuda);
        const auto epilogue = [&](const Tensor& by) {
            return then == Then::Store  ? Epilogue::store()
                   : then == Then::Gelu ? Epilogue::gelu()
                   : then == Then::Add  ? Epilogue::add()
                                        : Epilogue::gated_add(by);
        };
        const Tensor x = random_tensor({rows, in}, 3).to(compute);
        Tensor expected = Tensor::zeros({kChecked, out});
        Linear(weight, bias, DType::F32)(first_rows(x), expected, cpu, epilogue(gate));
        const Linear linear(weight, bias, compute, Device::Cuda);
        const Tensor there = x.to(Device::Cuda);
        Tensor y({rows, out}, y_type, Device::Cuda);
        clear_bytes(y.raw(), Device::Cuda, y.bytes(), workspace.stream());
        linear(there, y, workspace, epilogue(gate_there));
        workspace.synchronize();
        const float off = error_of(first_rows(y), expected);
        bench.report(name + (compute == DType::BF16 ? "" : " in fp8"),
                     bench.time([&] { linear(there, y, workspace, epilogue(gate_there)); }),
                     {.flops = 2.0 * static_cast<double>(rows * in * out)}, off);
    };
    run("ceiling 8192^3", 8192, 8192, 8192, DType::BF16, Then::Store);
    run("linear qkv", kRows, d, 3 * d, DType::BF16, Then::Store);
    run("linear cross_q", kRows, d, d, DType::BF16, Then::Store);
    run("linear self_out, gated add", kRows, d, d, DType::F32, Then::GatedAdd);
    run("linear cross_out, add", kRows, d, d, DType::F32, Then::Add);
    run("linear up, gelu", kRows, d, c.ffn_dim, DType::BF16, Then::Gelu);
    run("linear down, gated add", kRows, c.ffn_dim, d, DType::F32, Then::GatedAdd);
    constexpr DType kFp8 = DType::F8E4M3;
    run("8192^3", 8192, 8192, 8192, DType::BF16, Then::Store, kFp8);
    run("linear qkv", kRows, d, 3 * d, DType::BF16, Then::Store, kFp8);
    run("linear cross_q", kRows, d, d, DType::BF16, Then::Store, kFp8);
    run("linear self_out, gated add", kRows, d, d, DType::F32, Then::GatedAdd, kFp8);
    run("linear up, gelu", kRows, d, c.ffn_dim, kFp8, Then::Gelu, kFp8);
    run("linear down, gated add", kRows, c.ffn_dim, d, DType::F32, Then::GatedAdd, kFp8);
}

void attentions(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    Workspace cpu;
    const int64_t capacity = kWindow * kTokens;
    const Tensor q_here = random_tensor({kRows, c.heads, c.head_dim}, 1, DType::BF16);
    const Tensor keys_here = random_tensor({c.heads, capacity, c.head_dim}, 2, DType::BF16);
    const Tensor values_here = random_tensor({c.heads, capacity, c.head_dim}, 3, DType::BF16);
    const Tensor exact_keys = keys_here.to(DType::F32), exact_values = values_here.to(DType::F32);
    const Tensor q = q_here.to(Device::Cuda), keys = keys_here.to(Device::Cuda),
                 values = values_here.to(Device::Cuda);
    Tensor out(q.shape(), DType::BF16, Device::Cuda);
    const auto run = [&](const std::string& name, const KvView& view) {
        const Tensor few = first_rows(q_here);
        Tensor expected(few.shape(), DType::F32);
        attention(few, {exact_keys.raw(), exact_values.raw(), view.slots, capacity, DType::F32},
                  expected, cpu);
        attention(q, view, out, workspace);
        workspace.synchronize();
        const float off = error_of(first_rows(out), expected);
        bench.report(name, bench.time([&] { attention(q, view, out, workspace); }),
                     {.flops = 4.0 * static_cast<double>(kRows * view.slots * c.width())}, off);
    };
    for (const int64_t slots : {kPromptRows, kRows, capacity}) {
        run(fmt::format("attention {} x {}", kRows, slots),
            {keys.raw(), values.raw(), slots, capacity, DType::BF16});
    }
    const int64_t stride = (capacity + 31) / 32 * 32;
    const Tensor fp8_keys({c.heads, stride, c.head_dim}, DType::F8E4M3, Device::Cuda);
    const Tensor fp8_values = Tensor({c.heads, stride, c.head_dim}, DType::F8E4M3, Device::Cuda);
    const Fp8Slots fp8{const_cast<void*>(fp8_keys.raw()), const_cast<void*>(fp8_values.raw()),
                       stride};
    const KvView whole{keys.raw(), values.raw(), capacity, capacity, DType::BF16};
    attention_quantize_cuda({.kept = whole}, c.heads, fp8, workspace.stream());
    bench.report("attention_quantize of a chunk", bench.time([&] {
        attention_quantize_cuda({.kept = whole, .begin = capacity - kRows}, c.heads, fp8,
                                workspace.stream());
    }),
                 {.bytes = 6.0 * static_cast<double>(kRows * c.width())});
    for (const int64_t slots : {kRows, capacity}) {
        run(fmt::format("attention {} x {} in fp8", kRows, slots),
            {fp8.keys, fp8.values, slots, stride, DType::F8E4M3});
    }
}

void small_ops(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    const int64_t d = c.width();
    const auto stream = workspace.stream();
    const std::vector<double> times{0, 1, 2};
    const Tensor x = random_tensor({kRows, d}, 1), gain = random_tensor({d}, 2);
    const Tensor qkv = random_tensor({kRows, 3 * d}, 3, DType::BF16);
    const Tensor x_there = x.to(Device::Cuda), gain_there = gain.to(Device::Cuda),
                 qkv_there = qkv.to(Device::Cuda);
    Tensor normed({kRows, d}, DType::BF16, Device::Cuda);
    Tensor heads({kRows, c.heads, c.head_dim}, DType::BF16, Device::Cuda);
    Tensor cache({c.heads, kRows, c.head_dim}, DType::BF16, Device::Cuda);
    RopeTable table(c.head_dim, kHeight, kWidth, 10000.0),
        table_there(c.head_dim, kHeight, kWidth, 10000.0, Device::Cuda);
    table.set_time(times, nullptr);
    table_there.set_time(times, stream);
    Tensor rows({kChecked, d}, DType::F32), by_head({kChecked, c.heads, c.head_dim}, DType::F32);
    const auto values = static_cast<double>(kRows * d);
    const auto run = [&](const char* name, double bytes, const Tensor& actual,
                         const Tensor& expected, auto&& work) {
        const double ms = bench.time(work);
        bench.report(name, ms, {.bytes = bytes * values}, error_of(first_rows(actual), expected));
    };
    Tensor copy = x_there.clone();
    run("ceiling, a copy", 8, copy, first_rows(x), [&] {
        copy_bytes(copy.raw(), Device::Cuda, x_there.raw(), Device::Cuda, copy.bytes(), stream);
    });
    layer_norm(first_rows(x), gain, gain, c.eps, rows, nullptr);
    run("layer_norm", 6, normed, rows,
        [&] { layer_norm(x_there, gain_there, gain_there, c.eps, normed, stream); });
    rms_norm(first_rows(qkv), 0, gain, c.eps, by_head, Rotation::SpaceAndTime, &table, nullptr);
    run("rms_norm and rotation", 4, heads, by_head, [&] {
        rms_norm(qkv_there, 0, gain_there, c.eps, heads, Rotation::SpaceAndTime, &table_there,
                 stream);
    });
    copy_columns(first_rows(qkv), 2 * d, by_head, nullptr);
    run("copy_columns", 4, heads, by_head, [&] { copy_columns(qkv_there, 2 * d, heads, stream); });
    bench.report("scatter_heads", bench.time([&] { scatter_heads(heads, cache, 0, stream); }),
                 {.bytes = 4 * values});
}

void passes(Bench& bench, const TransformerConfig& c, TransformerWorkspace& workspace,
            DType compute) {
    const bool fp8 = compute == DType::F8E4M3;
    const char* type = fp8 ? " in fp8" : "";
    const CausalTransformer model = random_transformer(c, compute, Device::Cuda, true);
    const TextContext text = model.prepare_text(random_tensor({kPromptRows, c.text_dim}, 1));
    const Tensor latents = on_gpu({kChunk, c.in_channels, 2 * kHeight, 2 * kWidth}, 2, DType::F32);
    Tensor flow({kChunk, c.out_channels, 2 * kHeight, 2 * kWidth}, DType::F32, Device::Cuda);
    ReferenceMemory memory(c, DType::BF16, kWindow, kChunk, kTokens, Device::Cuda,
                           workspace.stream(), fp8);
    memory.advance(kWindow - kChunk);  // the last chunk of the window sees all of it
    const auto pass = [&](double timestep) {
        model.forward(latents, std::vector<double>(kChunk, timestep), text, memory, flow,
                      workspace);
    };
    const double flops = model.flops(kRows, kWindow * kTokens, kPromptRows);
    bench.report(fmt::format("pass, {} layers{}", c.layers, type),
                 bench.time([&] { pass(500); }, 10), {.flops = flops});
    bench.report(fmt::format("chunk of 4 + 1 passes, {} layers{}", c.layers, type),
                 bench.time(
                     [&] {
                         for (const double timestep : {1000.0, 937.5, 2500.0 / 3, 625.0, 0.0}) {
                             pass(timestep);
                         }
                     },
                     5),
                 {.flops = 5 * flops});
}

void run(int64_t layers) {
    TransformerConfig c;
    c.layers = layers;
    TransformerWorkspace workspace(Device::Cuda);
    Workspace ops(Device::Cuda);
    Bench bench(ops.stream());
    products(bench, ops, c);
    small_ops(bench, ops, c);
    attentions(bench, ops, c);
    bench.watch(workspace.stream());
    passes(bench, c, workspace, DType::BF16);
    passes(bench, c, workspace, DType::F8E4M3);
}

}  // namespace
}  // namespace longtake::diffusion

int main(int argc, char** argv) {
    if (longtake::cuda_devices() == 0) {
        std::fprintf(stderr, "diffusion_cuda_bench: no CUDA device\n");
        return 2;
    }
    longtake::diffusion::run(argc > 1 ? std::atoi(argv[1]) : 30);
}
