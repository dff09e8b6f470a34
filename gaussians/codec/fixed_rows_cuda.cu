#include "gaussians/codec/fixed_rows.h"
#include "gaussians/train/rows.cuh"

namespace longtake::gaussians {

void run_cuda(const FloatRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "fixed point to floats");
}
void run_cuda(const RestFloatRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "latents to harmonics");
}
void run_cuda(const MultiplyRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "multiples");
}
void run_cuda(const AddRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "column plus numbers");
}
void run_cuda(const AddProductRows& rows, int64_t count, GpuStream stream) {
    run_rows(rows, count, stream, "column plus latents");
}

}  // namespace longtake::gaussians
