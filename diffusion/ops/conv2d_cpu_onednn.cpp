#include "diffusion/ops/conv2d.h"
#include "diffusion/ops/onednn.h"

#include <list>
#include <mutex>

namespace longtake::diffusion {
namespace {

using dnnl::memory;
using Description = dnnl::convolution_forward::primitive_desc;

// oneDNN wants channels before space in the extents, whatever the layout.
memory::desc frames(const Shape& s, DType t, bool over_time) {
    if (over_time) {
        return {{1, s[3], s[0], s[1], s[2]}, onednn::type_of(t), memory::format_tag::ndhwc};
    }
    return {{s[0], s[3], s[1], s[2]}, onednn::type_of(t), memory::format_tag::nhwc};
}

memory::desc kernel(const Shape& s, DType t, memory::format_tag tag) {
    return {memory::dims(s.extents().begin(), s.extents().end()), onednn::type_of(t), tag};
}

class ConvOneDnn final : public Conv2d::Backend {
  public:
    ConvOneDnn(const Tensor& weight, const Tensor& bias, const ConvOptions& options, DType compute)
        : weight_(weight.to(compute)),
          bias_(bias.empty() ? Tensor::zeros({weight.extent(0)}) : bias.to(DType::F32)),
          options_(options),
          compute_(compute) {}

    std::unique_ptr<Conv2d::Plan> plan(const Shape& x, const Shape& y) const override;

  private:
    bool over_time() const { return weight_.shape().rank() == 5; }
    Description describe(const Shape& x, const Shape& y) const;
    memory packed(const memory::desc& wanted) const;

    Tensor weight_, bias_;
    ConvOptions options_;
    DType compute_;
    // Filled on demand: the best packing depends on the size of the frames, but sizes agree on it
    // almost always.
    mutable std::mutex mutex_;
    mutable std::list<memory> packed_;
};

class PlanOneDnn final : public Conv2d::Plan {
  public:
    PlanOneDnn(const Shape& x, const Shape& y, DType compute, const ConvOptions& options,
               const Description& d, const memory::desc& residual, memory weights,
               const Tensor& bias)
        : Plan(x, y, compute, options),
          primitive_(d),
          x_(d.src_desc(), onednn::engine(), nullptr),
          y_(d.dst_desc(), onednn::engine(), nullptr),
          residual_(residual, onednn::engine(), nullptr),
          scratch_(d.scratchpad_desc(), onednn::engine(), nullptr),
          scratch_bytes_(d.scratchpad_desc().get_size()),
          weights_(std::move(weights)),
          bias_values_(bias),
          bias_(d.bias_desc(), onednn::engine(), bias_values_.raw()) {}

  protected:
    void run(const Tensor& x, const Tensor* residual, Tensor& y, Workspace& workspace) override {
        x_.set_data_handle(const_cast<void*>(x.raw()));
        y_.set_data_handle(y.raw());
        scratch_.set_data_handle(workspace.scratch(scratch_bytes_));
        if (residual != nullptr) {
            residual_.set_data_handle(const_cast<void*>(residual->raw()));
        }
        const std::array<dnnl_exec_arg_t, 6> arguments{
            {{DNNL_ARG_SRC, x_.get()},
             {DNNL_ARG_WEIGHTS, weights_.get()},
             {DNNL_ARG_BIAS, bias_.get()},
             {DNNL_ARG_DST, y_.get()},
             {DNNL_ARG_SCRATCHPAD, scratch_.get()},
             {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, residual_.get()}}};
        onednn::must(dnnl_primitive_execute(primitive_.get(), stream_.get(),
                                            residual == nullptr ? 5 : 6, arguments.data()),
                     "convolution");
        onednn::must(dnnl_stream_wait(stream_.get()), "wait");
    }

  private:
    dnnl::convolution_forward primitive_;
    dnnl::stream stream_{onednn::engine()};
    memory x_, y_, residual_, scratch_;
    size_t scratch_bytes_;
    memory weights_;
    Tensor bias_values_;
    memory bias_;
};

Description ConvOneDnn::describe(const Shape& x, const Shape& y) const {
    const auto& pad = options_.padding;
    memory::dims strides{options_.stride, options_.stride}, before{pad.top, pad.left},
        after{pad.bottom, pad.right};
    if (over_time()) {
        strides.insert(strides.begin(), options_.time_stride);
        before.insert(before.begin(), 0);
        after.insert(after.begin(), 0);
    }
    const memory::desc from = frames(x, compute_, over_time());
    const memory::desc to = frames(y, options_.fp32_result ? DType::F32 : compute_, over_time());
    const memory::desc w = kernel(weight_.shape(), compute_, memory::format_tag::any);
    const memory::desc b({y[3]}, memory::data_type::f32, memory::format_tag::x);

    dnnl::post_ops ops;
    if (options_.residual) {
        ops.append_binary(dnnl::algorithm::binary_add, frames(y, compute_, over_time()));
    }
    if (options_.relu) {
        onednn::append_relu(ops);
    }
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const auto kind = dnnl::prop_kind::forward_inference;
    const auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
    return {onednn::engine(), kind, direct, from, w, b, to, strides, before, after, attributes};
#else
    return {{kind, direct, from, w, b, to, strides, before, after}, attributes, onednn::engine()};
#endif
}

memory ConvOneDnn::packed(const memory::desc& wanted) const {
    const std::lock_guard lock(mutex_);
    for (const memory& m : packed_) {
        if (m.get_desc() == wanted) {
            return m;
        }
    }
    const auto tag =
        weight_.shape().rank() == 5 ? memory::format_tag::abcde : memory::format_tag::abcd;
    memory plain(kernel(weight_.shape(), compute_, tag), onednn::engine(),
                 const_cast<void*>(weight_.raw()));
    memory& result = packed_.emplace_back(wanted, onednn::engine());
    dnnl::stream stream(onednn::engine());
    dnnl::reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
}

std::unique_ptr<Conv2d::Plan> ConvOneDnn::plan(const Shape& x, const Shape& y) const {
    try {
        const Description d = describe(x, y);
        const memory::desc residual = frames(y, compute_, over_time());
        return std::make_unique<PlanOneDnn>(x, y, compute_, options_, d, residual,
                                            packed(d.weights_desc()), bias_);
    } catch (const dnnl::error& e) {
        fail("conv2d: no plan for {} in {} on this CPU: {}", x.str(), name_of(compute_), e.what());
    }
}

}  // namespace

std::shared_ptr<const Conv2d::Backend> make_conv2d_onednn(const Tensor& weight, const Tensor& bias,
                                                          const ConvOptions& options,
                                                          DType compute) {
    return std::make_shared<ConvOneDnn>(weight, bias, options, compute);
}

}  // namespace longtake::diffusion
