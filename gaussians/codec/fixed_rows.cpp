#include "gaussians/codec/fixed_rows.h"

#include "gaussians/codec/parallel_rows.h"

namespace longtake::gaussians {

void run_cpu(const FloatRows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}
void run_cpu(const RestFloatRows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}
void run_cpu(const MultiplyRows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}
void run_cpu(const AddRows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}
void run_cpu(const AddProductRows& rows, int64_t count) {
    parallel_for_rows(count, [&](int64_t i) { rows.run(i); });
}

}  // namespace longtake::gaussians
