#include "core/error.h"
#include "diffusion/ops/activation.h"
#include "diffusion/ops/add.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/ops/denoise.h"
#include "diffusion/ops/frame_attention.h"
#include "diffusion/ops/frame_staging.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/modulation.h"
#include "diffusion/ops/multiply.h"
#include "diffusion/ops/norm_silu.h"
#include "diffusion/ops/pixels.h"
#include "diffusion/ops/qkv_slots.h"
#include "diffusion/ops/relative_attention.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/timestep_embedding.h"
#include "diffusion/ops/workspace.h"

// The back end that a build without CUDA lacks. No tensor of such a build lives on a GPU, so that
// only what makes one can be reached.
namespace longtake::diffusion {
namespace {

[[noreturn]] void absent() {
    fail("this build has no CUDA back end");
}

}  // namespace

class Workspace::Gpu {};
std::shared_ptr<Workspace::Gpu> Workspace::make_gpu(bool) {
    absent();
}
GpuStream Workspace::stream_of(const Gpu&) {
    absent();
}
void Workspace::synchronize() const {}
void Workspace::repeat(const std::vector<uint64_t>&, const std::function<void()>& work) {
    work();
}
void Workspace::forget_recordings() {}

std::shared_ptr<const Linear::Backend> make_linear_cuda(const Tensor&, const Tensor&, DType) {
    absent();
}
std::shared_ptr<const Conv2d::Backend> make_conv2d_cuda(const Tensor&, const Tensor&,
                                                        const ConvOptions&, DType) {
    absent();
}
void multiply_cuda(const Tensor&, const Tensor&, Tensor&, GpuStream) {
    absent();
}
void add_cuda(const Tensor&, Tensor&, GpuStream) {
    absent();
}
void activate_cuda(const Tensor&, Activation, Tensor&, GpuStream) {
    absent();
}
void relative_attention_cuda(const RelativeAttention&, Tensor&, GpuStream) {
    absent();
}
void norm_silu_cuda(const Tensor&, const Tensor&, bool, Tensor&, GpuStream) {
    absent();
}
void latent_to_pixels_cuda(const Tensor&, const LatentScale&, bool, Tensor&, GpuStream) {
    absent();
}
void pixels_to_latent_cuda(const Tensor&, const LatentScale&, Tensor&, GpuStream) {
    absent();
}
void frames_to_pixels_cuda(const Tensor&, bool, Tensor&, GpuStream) {
    absent();
}
void pixels_to_frames_cuda(const Tensor&, bool, Tensor&, GpuStream) {
    absent();
}
void frame_attention_cuda(const Tensor&, Tensor&, Workspace&) {
    absent();
}
std::unique_ptr<FrameStaging> make_frame_staging_cuda(Workspace&) {
    absent();
}
void attention_cuda(std::span<const AttentionProblem>, Workspace&) {
    absent();
}
void attention_quantize_cuda(const Fp8Change&, int64_t, const Fp8Slots&, GpuStream) {
    absent();
}
void layer_norm_cuda(const Tensor&, const Tensor&, const Tensor&, double, Tensor&, GpuStream) {
    absent();
}
bool qkv_to_slots_cuda(const Tensor&, const Tensor&, const Tensor&, double, const RopeTable&,
                       Tensor&, std::span<const KvTarget>, GpuStream) {
    absent();
}
bool split_qkv_cuda(const Tensor&, const Tensor&, const Tensor&, double, const RopeTable&, Tensor&,
                    Tensor&, Tensor&, GpuStream) {
    absent();
}
void rms_norm_cuda(const Tensor&, int64_t, const Tensor&, double, Tensor&, Rotation,
                   const RopeTable*, GpuStream) {
    absent();
}
void rope_time_cuda(const Tensor&, std::span<const double>, Tensor&, double, GpuStream) {
    absent();
}
void rope_angles_cuda(std::span<const double>, double, Tensor&, GpuStream) {
    absent();
}
void timestep_embedding_cuda(double, Tensor&, GpuStream) {
    absent();
}
void silu_cuda(const Tensor&, Tensor&, GpuStream) {
    absent();
}
void modulation_cuda(const Tensor&, const Tensor&, unsigned, Tensor&, GpuStream) {
    absent();
}
void patchify_cuda(const Tensor&, int64_t, int64_t, Tensor&, GpuStream) {
    absent();
}
void unpatchify_cuda(const Tensor&, int64_t, int64_t, Tensor&, GpuStream) {
    absent();
}
void copy_columns_cuda(const Tensor&, int64_t, Tensor&, GpuStream) {
    absent();
}
void scatter_heads_cuda(const Tensor&, Tensor&, int64_t, GpuStream) {
    absent();
}
void predict_clean_cuda(const Tensor&, const Tensor&, double, Tensor&, GpuStream) {
    absent();
}
void add_noise_cuda(const Tensor&, const Tensor&, double, Tensor&, GpuStream) {
    absent();
}

}  // namespace longtake::diffusion
