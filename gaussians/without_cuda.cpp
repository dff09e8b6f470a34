#include "core/error.h"
#include "gaussians/codec/column_block.h"
#include "gaussians/codec/fixed_rows.h"
#include "gaussians/codec/state_hash_rows.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/train/adam.h"
#include "gaussians/train/density.h"
#include "gaussians/train/gather_rows.h"
#include "gaussians/train/latents.h"
#include "gaussians/train/mcmc_rows.h"
#include "gaussians/train/picture_rows.h"
#include "gaussians/train/regrowth.h"
#include "gaussians/train/residual_rows.h"
#include "gaussians/train/rows.h"
#include "gaussians/train/view_loss.h"

// The back end that a build without CUDA lacks. No tensor of such a build lives on a GPU, so that
// only what makes one can be reached.
namespace longtake::gaussians {
namespace {

[[noreturn]] void absent() {
    fail("this build has no CUDA back end");
}

}  // namespace

template <typename Rows> void run_cuda(const Rows&, int64_t, GpuStream) {
    absent();
}
template void run_cuda(const FloatRows&, int64_t, GpuStream);
template void run_cuda(const RestFloatRows&, int64_t, GpuStream);
template void run_cuda(const SourceRows&, int64_t, GpuStream);
template void run_cuda(const MultiplyRows&, int64_t, GpuStream);
template void run_cuda(const AddRows&, int64_t, GpuStream);
template void run_cuda(const AddProductRows&, int64_t, GpuStream);
template void run_cuda(const ObserveRows&, int64_t, GpuStream);
template void run_cuda(const ScatterRows&, int64_t, GpuStream);
template void run_cuda(const CostRows&, int64_t, GpuStream);
template void run_cuda(const NoiseRows&, int64_t, GpuStream);
template void run_cuda(const PlaneRows&, int64_t, GpuStream);
template void run_cuda(const ChangeRows&, int64_t, GpuStream);
template void run_cuda(const CoverRows&, int64_t, GpuStream);
template void run_cuda(const GateRows&, int64_t, GpuStream);
template void run_cuda(const MoveRows&, int64_t, GpuStream);
template void run_cuda(const MoveGradientRows&, int64_t, GpuStream);
template void run_cuda(const GateGradientRows&, int64_t, GpuStream);
template void run_cuda(const BirthRows&, int64_t, GpuStream);
template void run_cuda(const WholeRows&, int64_t, GpuStream);
template void run_cuda(const DifferenceRows&, int64_t, GpuStream);
template void run_cuda(const ContinueRows&, int64_t, GpuStream);
void decode_blocks_cuda(const BlockJob*, int64_t, int32_t*, GpuStream) {
    absent();
}
void hash_cuda(const HashRows&, int64_t, uint64_t*, GpuStream) {
    absent();
}
std::unique_ptr<Renderer> renderer_cuda() {
    absent();
}
void to_image_cuda(const Tensor&, Tensor&) {
    absent();
}
void adam_step_cuda(std::span<const AdamBlock>, GpuStream) {
    absent();
}
void gather_rows_cuda(const Tensor&, const Tensor&, Tensor&, GpuStream) {
    absent();
}
void decode_latents_cuda(const LatentRows&, float*, GpuStream) {
    absent();
}
void decode_latents_backward_cuda(const LatentRows&, const LatentGradient&, GpuStream) {
    absent();
}
std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView>, double, bool) {
    absent();
}

}  // namespace longtake::gaussians
