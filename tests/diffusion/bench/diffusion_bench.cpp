// How fast the transformer's parts are, as FLOP/s beside what oneDNN's matrix product reaches:
//   diffusion_bench --benchmark_min_time=2
#include "diffusion/models/causal_transformer.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/attention_kernel.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/rope.h"
#include "tests/diffusion/bench/fastest.h"
#include "tests/diffusion/random_transformer.h"
#include "tests/diffusion/reference_memory.h"
#include "tests/diffusion/testing.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace longtake::diffusion {
namespace {

// The bundled model's sizes.
constexpr int64_t kTokens = 144, kRows = 3 * kTokens, kHeads = 4, kHeadDim = 64, kWidth = 256;

// Reports the rate of the fastest time.
template <typename Work> void measure(benchmark::State& state, double flops, Work&& work) {
    const double best = fastest(state, work);
    state.counters["best_us"] = best * 1e6;
    state.counters["best_FLOP/s"] = flops / best;
}

void matrix_product(benchmark::State& state, DType dtype, Epilogue::Kind kind) {
    const int64_t rows = state.range(0), out = state.range(1), in = state.range(2);
    const Linear linear(random_tensor({out, in}, 1), Tensor(), dtype);
    const Tensor x = random_tensor({rows, in}, 2, dtype), gate = random_tensor({out}, 3);
    const bool adds = kind == Epilogue::Kind::Add;
    Tensor y = Tensor::zeros({rows, out}, adds ? DType::F32 : dtype);
    const Epilogue epilogue{kind, adds ? &gate : nullptr};
    Workspace workspace;
    measure(state, 2.0 * static_cast<double>(rows * out * in),
            [&] { linear(x, y, workspace, epilogue); });
}

// What stands between the products: bytes are those read and written once.
enum class RowOp { LayerNorm, RmsNorm, RmsNormRotated, CopyColumns, ScatterHeads, RopeTime };

void row_op(benchmark::State& state, RowOp op, DType dtype) {
    const Tensor x = random_tensor({kRows, kWidth}, 1), weight = random_tensor({kWidth}, 2);
    const Tensor qkv = random_tensor({kRows, 3 * kWidth}, 3, dtype);
    RopeTable table(kHeadDim, 9, 16);
    const std::vector<double> positions{18, 19, 20};
    table.set_time(positions);
    Tensor flat({kRows, kWidth}, dtype), rows({kRows, kHeads, kHeadDim}, dtype);
    Tensor slots({kHeads, kRows, kHeadDim}, dtype);
    for (auto* t : {&flat, &rows, &slots}) {
        std::memset(t->raw(), 0, static_cast<size_t>(t->count()) * size_of(dtype));
    }
    measure(state, static_cast<double>(kRows * kWidth), [&] {
        switch (op) {
            case RowOp::LayerNorm: return layer_norm(x, weight, weight, 1e-6, flat);
            case RowOp::RmsNorm: return rms_norm(qkv, 0, weight, 1e-6, rows);
            case RowOp::RmsNormRotated:
                return rms_norm(qkv, 0, weight, 1e-6, rows, Rotation::SpaceAndTime, &table);
            case RowOp::CopyColumns: return copy_columns(qkv, 2 * kWidth, rows);
            case RowOp::ScatterHeads: return scatter_heads(rows, slots, 0);
            case RowOp::RopeTime: return rope_time(slots, positions, slots);
        }
    });
}

void attention_kernel(benchmark::State& state, const AttentionKernel* kernel) {
    const int64_t slots = state.range(0);
    const Tensor q = random_tensor({kRows, kHeads, kHeadDim}, 1, kernel->dtype);
    const Tensor k = random_tensor({kHeads, slots, kHeadDim}, 2, kernel->dtype);
    const Tensor v = random_tensor({kHeads, slots, kHeadDim}, 3, kernel->dtype);
    Tensor out(q.shape(), kernel->dtype);
    Workspace workspace;
    const AttentionProblem problem{.q = q.raw(),
                                   .keys = k.raw(),
                                   .values = v.raw(),
                                   .out = out.raw(),
                                   .key_bias = nullptr,
                                   .rows = kRows,
                                   .heads = kHeads,
                                   .head_dim = kHeadDim,
                                   .slots = slots,
                                   .stride = slots,
                                   .dtype = kernel->dtype};
    measure(state, 4.0 * static_cast<double>(kRows * slots * kWidth),
            [&] { attention_cpu_with(*kernel, problem, workspace); });
}

// A pass of the bundled model's size; range: frames in the cache, the chunk's own among them.
void transformer(benchmark::State& state, DType dtype) {
    const TransformerConfig config = bundled_size();
    const CausalTransformer model = random_transformer(config, dtype);
    const int64_t frames = state.range(0);
    ReferenceMemory memory(config, dtype, frames, 3, kTokens);
    const TextContext text = model.prepare_text(random_tensor({20, config.text_dim}, 1));
    const Tensor latents = random_tensor({3, 16, 18, 32}, 2);
    Tensor flow(latents.shape(), DType::F32);
    TransformerWorkspace workspace;
    const std::vector<double> timesteps(3, 500.0);
    for (int64_t at = 3; at <= frames; at += 3) {
        model.forward(latents, timesteps, text, memory, flow, workspace);
        memory.advance(std::min<int64_t>(3, frames - 3 - (at - 3)));
    }
    measure(state, model.flops(kRows, frames * kTokens, 21),
            [&] { model.forward(latents, timesteps, text, memory, flow, workspace); });
}

void register_all() {
    for (const DType dtype : {DType::F32, DType::BF16}) {
        const std::string type(name_of(dtype));
        const auto product = [&](const char* name, Epilogue::Kind kind,
                                 std::initializer_list<std::vector<int64_t>> sizes) {
            auto* b = benchmark::RegisterBenchmark((name + ("/" + type)).c_str(), matrix_product,
                                                   dtype, kind);
            for (const std::vector<int64_t>& rows_out_in : sizes) {
                b->Args(rows_out_in);
            }
            b->UseRealTime()->Unit(benchmark::kMicrosecond);
        };
        product("matrix_product", Epilogue::Kind::Store,
                {{4096, 4096, 4096}, {2048, 2048, 2048}, {kRows, 768, 256}, {kRows, 256, 256}});
        product("product_gelu", Epilogue::Kind::Gelu, {{kRows, 1024, 256}});
        product("product_gated_add", Epilogue::Kind::Add, {{kRows, 256, 256}, {kRows, 256, 1024}});
        for (const AttentionKernel* kernel : attention_kernels(dtype)) {
            auto* b = benchmark::RegisterBenchmark(
                ("attention/" + std::string(kernel->name)).c_str(), attention_kernel, kernel);
            b->Arg(20)->Arg(432)->Arg(2304)->Arg(2736)->Arg(3024);
            b->UseRealTime()->Unit(benchmark::kMicrosecond);
        }
        const std::pair<const char*, RowOp> row_ops[] = {
            {"layer_norm", RowOp::LayerNorm},
            {"rms_norm", RowOp::RmsNorm},
            {"rms_norm_rotated", RowOp::RmsNormRotated},
            {"copy_columns", RowOp::CopyColumns},
            {"scatter_heads", RowOp::ScatterHeads},
            {"rope_time", RowOp::RopeTime}};
        for (const auto& [name, op] : row_ops) {
            benchmark::RegisterBenchmark((name + ("/" + type)).c_str(), row_op, op, dtype)
                ->UseRealTime()
                ->Unit(benchmark::kMicrosecond);
        }
        benchmark::RegisterBenchmark(("transformer/" + type).c_str(), transformer, dtype)
            ->Arg(3)
            ->Arg(19)
            ->Arg(21)
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
    }
}

}  // namespace
}  // namespace longtake::diffusion

int main(int argc, char** argv) {
    longtake::diffusion::register_all();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
