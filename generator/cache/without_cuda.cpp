#include "core/error.h"
#include "generator/cache/copy_queue.h"
#include "generator/cache/frame_change.h"
#include "generator/cache/guess_error.h"
#include "generator/cache/participation.h"
#include "generator/cache/slots.h"

// The back end that a build without CUDA lacks. No tensor of such a build lives on a GPU.
namespace longtake::generator {
namespace {

[[noreturn]] void absent() {
    fail("this build has no CUDA back end");
}

}  // namespace

void move_slots_cuda(std::span<Tensor>, int64_t, const Tensor&, Range, GpuStream) {
    absent();
}
void copy_slots_cuda(const Tensor&, Range, Tensor&, int64_t, GpuStream) {
    absent();
}
void blend_slots_cuda(Tensor&, Range, int64_t, float, GpuStream) {
    absent();
}
void blend_mean_cuda(Tensor&, Range, Range, float, GpuStream) {
    absent();
}
void mean_slots_cuda(const Tensor&, Range, Tensor&, GpuStream) {
    absent();
}
void place_slots_cuda(Tensor&, Range, int64_t, float, GpuStream) {
    absent();
}
void shift_positions_cuda(Tensor&, float, GpuStream) {
    absent();
}
void write_slots_cuda(const Tensor&, const Tensor&, int64_t, const Tensor&, Tensor&, Tensor&,
                      GpuStream) {
    absent();
}
void turn_slots_cuda(const Tensor&, Range, const Tensor&, Tensor&, Tensor&, GpuStream, Start) {
    absent();
}
void sum_queries_cuda(const Tensor&, Range, const float*, Tensor&, GpuStream) {
    absent();
}
void score_slots_cuda(const diffusion::KvView&, Range, const Tensor&, Tensor&, GpuStream, Start) {
    absent();
}
void score_change_cuda(const diffusion::KvView&, Range, int64_t, int64_t, const FrameChange&,
                       Tensor&, GpuStream) {
    absent();
}
void score_guess_cuda(const Tensor&, const Tensor&, const GuessError&, Tensor&, GpuStream) {
    absent();
}
void select_top_cuda(const Tensor&, Range, int, int64_t, Tensor&, Tensor&, GpuStream, Start) {
    absent();
}

struct CopyQueue::OnGpu {};

CopyQueue::CopyQueue(Device, GpuStream, int) {}
CopyQueue::~CopyQueue() = default;
GpuStream CopyQueue::stream() const {
    return nullptr;
}
void CopyQueue::follow() {}
void CopyQueue::set(int) {}
void CopyQueue::work_waits(int) {}
void CopyQueue::wait(int) {}

}  // namespace longtake::generator
