// How fast the parts of Wan2.1-1.3B are on this GPU, with random weights: one JSON line each, and
// beside every rate what a plain bf16 product of cuBLASLt reaches in the same run.
//   diffusion_cuda_bench [layers]
#include "core/cuda.h"
#include "diffusion/models/causal_transformer.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/rms_norm.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/diffusion/reference_memory.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
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

    void report(const std::string& name, double ms, double flops = 0, double bytes = 0) {
        nlohmann::ordered_json line{{"name", name}, {"ms", ms}};
        if (flops > 0) {
            const double rate = flops / ms * 1e-9;
            ceiling_ = ceiling_ == 0 ? rate : ceiling_;  // the first one is the plain product
            line["TFLOP/s"] = rate;
            line["of_ceiling"] = rate / ceiling_;
        }
        if (bytes > 0) {
            line["GB/s"] = bytes / ms * 1e-6;
        }
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }

  private:
    GpuStream stream_;
    CudaEvent begin_, end_;
    double ceiling_ = 0;
};

void products(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    const int64_t d = c.width();
    const auto run = [&](const std::string& name, int64_t rows, int64_t in, int64_t out,
                         DType y_type, const Epilogue& epilogue, DType compute = DType::BF16) {
        const Linear linear(random_tensor({out, in}, 1, DType::F32, 0.02F), random_tensor({out}, 2),
                            compute, Device::Cuda);
        const Tensor x = random_tensor({rows, in}, 3).to(compute).to(Device::Cuda);
        Tensor y({rows, out}, y_type, Device::Cuda);
        bench.report(name + (compute == DType::BF16 ? "" : " in fp8"),
                     bench.time([&] { linear(x, y, workspace, epilogue); }),
                     2.0 * static_cast<double>(rows * in * out));
    };
    const Tensor gate = on_gpu({d}, 5, DType::F32);
    const auto gated = Epilogue::gated_add(gate);
    run("ceiling 8192^3", 8192, 8192, 8192, DType::BF16, Epilogue::store());
    run("linear qkv", kRows, d, 3 * d, DType::BF16, Epilogue::store());
    run("linear cross_q", kRows, d, d, DType::BF16, Epilogue::store());
    run("linear self_out, gated add", kRows, d, d, DType::F32, gated);
    run("linear cross_out, add", kRows, d, d, DType::F32, Epilogue::add());
    run("linear up, gelu", kRows, d, c.ffn_dim, DType::BF16, Epilogue::gelu());
    run("linear down, gated add", kRows, c.ffn_dim, d, DType::F32, gated);
    constexpr DType kFp8 = DType::F8E4M3;
    run("8192^3", 8192, 8192, 8192, DType::BF16, Epilogue::store(), kFp8);
    run("linear qkv", kRows, d, 3 * d, DType::BF16, Epilogue::store(), kFp8);
    run("linear cross_q", kRows, d, d, DType::BF16, Epilogue::store(), kFp8);
    run("linear self_out, gated add", kRows, d, d, DType::F32, gated, kFp8);
    run("linear up, gelu", kRows, d, c.ffn_dim, kFp8, Epilogue::gelu(), kFp8);
    run("linear down, gated add", kRows, c.ffn_dim, d, DType::F32, gated, kFp8);
}

void attentions(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    const Tensor q = on_gpu({kRows, c.heads, c.head_dim}, 1, DType::BF16);
    const int64_t capacity = kWindow * kTokens;
    const Tensor keys = on_gpu({c.heads, capacity, c.head_dim}, 2, DType::BF16);
    const Tensor values = on_gpu({c.heads, capacity, c.head_dim}, 3, DType::BF16);
    Tensor out(q.shape(), DType::BF16, Device::Cuda);
    for (const int64_t slots : {kPromptRows, kRows, capacity}) {
        const KvView view{.keys = keys.raw(),
                          .values = values.raw(),
                          .slots = slots,
                          .stride = capacity,
                          .dtype = DType::BF16};
        bench.report(fmt::format("attention {} x {}", kRows, slots),
                     bench.time([&] { attention(q, view, out, workspace); }),
                     4.0 * static_cast<double>(kRows * slots * c.width()));
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
                 0, 6.0 * static_cast<double>(kRows * c.width()));
    for (const int64_t slots : {kRows, capacity}) {
        const KvView view{fp8.keys, fp8.values, slots, stride, DType::F8E4M3};
        bench.report(fmt::format("attention {} x {} in fp8", kRows, slots),
                     bench.time([&] { attention(q, view, out, workspace); }),
                     4.0 * static_cast<double>(kRows * slots * c.width()));
    }
}

void small_ops(Bench& bench, Workspace& workspace, const TransformerConfig& c) {
    const int64_t d = c.width();
    const auto stream = workspace.stream();
    const Tensor x = on_gpu({kRows, d}, 1, DType::F32), gain = on_gpu({d}, 2, DType::F32);
    const Tensor qkv = on_gpu({kRows, 3 * d}, 3, DType::BF16);
    Tensor normed({kRows, d}, DType::BF16, Device::Cuda);
    Tensor heads({kRows, c.heads, c.head_dim}, DType::BF16, Device::Cuda);
    Tensor cache({c.heads, kRows, c.head_dim}, DType::BF16, Device::Cuda);
    RopeTable table(c.head_dim, kHeight, kWidth, 10000.0, Device::Cuda);
    table.set_time(std::vector<double>{0, 1, 2}, stream);
    const auto values = static_cast<double>(kRows * d);
    bench.report("layer_norm",
                 bench.time([&] { layer_norm(x, gain, gain, c.eps, normed, stream); }), 0,
                 6 * values);
    bench.report("rms_norm and rotation", bench.time([&] {
        rms_norm(qkv, 0, gain, c.eps, heads, Rotation::SpaceAndTime, &table, stream);
    }),
                 0, 4 * values);
    bench.report("copy_columns", bench.time([&] { copy_columns(qkv, 2 * d, heads, stream); }), 0,
                 4 * values);
    bench.report("scatter_heads", bench.time([&] { scatter_heads(heads, cache, 0, stream); }), 0,
                 4 * values);
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
                 bench.time([&] { pass(500); }, 10), flops);
    bench.report(fmt::format("chunk of 4 + 1 passes, {} layers{}", c.layers, type),
                 bench.time(
                     [&] {
                         for (const double timestep : {1000.0, 937.5, 2500.0 / 3, 625.0, 0.0}) {
                             pass(timestep);
                         }
                     },
                     5),
                 5 * flops);
}

void run(int64_t layers) {
    TransformerConfig c;
    c.layers = layers;
    TransformerWorkspace workspace(Device::Cuda);
    Workspace ops(Device::Cuda);
    Bench bench(ops.stream());
    products(bench, ops, c);
    attentions(bench, ops, c);
    small_ops(bench, ops, c);
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
