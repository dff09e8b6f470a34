#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/onednn.h"
#include "diffusion/ops/row_kernels.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace longtake::diffusion {
namespace {

using dnnl::memory;
using onednn::engine;
using onednn::type_of;

memory::desc rows(int64_t r, int64_t columns, DType t) {
    return {{r, columns}, type_of(t), memory::format_tag::ab};
}

// oneDNN 3 dropped the operation descriptors of oneDNN 2.
dnnl::matmul::primitive_desc describe(const memory::desc& x, const memory::desc& weights,
                                      const memory::desc& bias, const memory::desc& y,
                                      const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), x, weights, bias, y, attributes};
#else
    return {dnnl::matmul::desc(x, weights, bias, y), attributes, engine()};
#endif
}

dnnl::primitive_attr attributes_of(const Epilogue& epilogue, int64_t out) {
    dnnl::post_ops ops;
    if (epilogue.gate != nullptr) {
        ops.append_binary(dnnl::algorithm::binary_mul, rows(1, out, DType::F32));
    }
    if (epilogue.kind == Epilogue::Kind::Add) {
        ops.append_sum(1.F);
    }
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
}

// A primitive keeps to the number of threads it was made with.
class AtMostThreads {
  public:
    explicit AtMostThreads(int count) : before_(thread_count()) {
        omp_set_num_threads(std::min(before_, count));
    }
    ~AtMostThreads() { omp_set_num_threads(before_); }
    AtMostThreads(const AtMostThreads&) = delete;
    AtMostThreads& operator=(const AtMostThreads&) = delete;

  private:
    int before_;
};

// A primitive with the memory handles one call needs; weights and bias come from the Linear.
struct Plan {
    dnnl::matmul primitive;
    memory x, y, gate, scratch;
    size_t scratch_bytes = 0;

    explicit Plan(const dnnl::matmul::primitive_desc& d, int64_t out)
        : primitive(d),
          x(d.src_desc(), engine(), nullptr),
          y(d.dst_desc(), engine(), nullptr),
          gate(rows(1, out, DType::F32), engine(), nullptr),
          scratch(d.scratchpad_desc(), engine(), nullptr),
          scratch_bytes(d.scratchpad_desc().get_size()) {}
};

// rows, in, out, compute, type of y, epilogue, gated
using PlanKey = std::tuple<int64_t, int64_t, int64_t, DType, DType, Epilogue::Kind, bool>;

}  // namespace

class Workspace::Primitives {
  public:
    dnnl::stream stream{engine()};
    std::map<PlanKey, Plan> plans;
};

std::shared_ptr<Workspace::Primitives> Workspace::make_primitives() {
    return std::make_shared<Primitives>();
}

namespace {

// oneDNN's own takes two to three times as long.
void gelu(Tensor& y) {
    const int64_t d = y.extent(1);
    const auto row_bytes = static_cast<size_t>(d) * size_of(y.dtype());
    const auto apply = row_kernels(d).gelu[y.dtype()];
    auto* rows = static_cast<std::byte*>(y.raw());
    parallel_for(y.extent(0),
                 [=](int64_t r) { apply(rows + static_cast<size_t>(r) * row_bytes, d); });
}

class LinearOneDnn final : public Linear::Backend {
  public:
    LinearOneDnn(const Tensor& weight, const Tensor& bias, DType compute)
        : in_(weight.extent(1)), out_(weight.extent(0)), compute_(compute) {
        constexpr int64_t kTypicalRows = 432;  // the packing is chosen for it
        const memory::desc b = rows(1, out_, DType::F32);
        const auto d =
            describe(rows(kTypicalRows, in_, compute),
                     memory::desc({in_, out_}, type_of(compute), memory::format_tag::any), b,
                     rows(kTypicalRows, out_, DType::F32), attributes_of(Epilogue::store(), out_));
        weights_ = memory(d.weights_desc(), engine());
        bias_values_ = bias.empty() ? Tensor::zeros({out_}) : bias.to(DType::F32);
        bias_ = memory(b, engine(), bias_values_.raw());

        const Tensor plain = weight.to(compute);
        memory from(memory::desc({in_, out_}, type_of(compute), memory::format_tag::ba), engine(),
                    const_cast<void*>(plain.raw()));
        dnnl::stream stream(engine());
        dnnl::reorder(from, weights_).execute(stream, from, weights_);
        stream.wait();
    }

    void run(const Tensor& x, Tensor& y, Workspace& workspace,
             const Epilogue& epilogue) const override {
        Plan& plan = plan_for(x.extent(0), y.dtype(), epilogue, workspace);
        plan.x.set_data_handle(const_cast<void*>(x.raw()));
        plan.y.set_data_handle(y.raw());
        plan.scratch.set_data_handle(workspace.scratch(plan.scratch_bytes));
        std::array<dnnl_exec_arg_t, 6> args{{{DNNL_ARG_SRC, plan.x.get()},
                                             {DNNL_ARG_WEIGHTS, weights_.get()},
                                             {DNNL_ARG_BIAS, bias_.get()},
                                             {DNNL_ARG_DST, plan.y.get()},
                                             {DNNL_ARG_SCRATCHPAD, plan.scratch.get()},
                                             {0, nullptr}}};
        int count = 5;
        if (epilogue.gate != nullptr) {
            plan.gate.set_data_handle(const_cast<float*>(epilogue.gate->data<float>()));
            args[5] = {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, plan.gate.get()};
            count = 6;
        }
        const dnnl::stream& stream = workspace.primitives().stream;
        onednn::must(dnnl_primitive_execute(plan.primitive.get(), stream.get(), count, args.data()),
                     "matmul");
        onednn::must(dnnl_stream_wait(stream.get()), "wait");
        if (epilogue.kind == Epilogue::Kind::Gelu) {
            gelu(y);
        }
    }

  private:
    Plan& plan_for(int64_t m, DType y, const Epilogue& epilogue, Workspace& workspace) const {
        auto& plans = workspace.primitives().plans;
        const PlanKey key{m, in_, out_, compute_, y, epilogue.kind, epilogue.gate != nullptr};
        auto found = plans.find(key);
        if (found == plans.end()) {
            // From 16 threads on, oneDNN splits sums longer than this for AMX, and the last bits
            // would depend on the number of threads.
            const AtMostThreads limit(in_ > 1024 ? 15 : thread_count());
            const auto d = describe(rows(m, in_, compute_), weights_.get_desc(), bias_.get_desc(),
                                    rows(m, out_, y), attributes_of(epilogue, out_));
            found = plans.emplace(key, Plan(d, out_)).first;
        }
        return found->second;
    }

    int64_t in_, out_;
    DType compute_;
    memory weights_, bias_;
    Tensor bias_values_;
};

}  // namespace

std::shared_ptr<const Linear::Backend> make_linear_onednn(const Tensor& weight, const Tensor& bias,
                                                          DType compute) {
    try {
        return std::make_shared<LinearOneDnn>(weight, bias, compute);
    } catch (const dnnl::error& e) {
        fail("linear: this CPU does not multiply {} by oneDNN: {}", name_of(compute), e.what());
    }
}

}  // namespace longtake::diffusion
