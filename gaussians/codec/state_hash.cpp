#include "gaussians/codec/state_hash.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/codec/state_hash_rows.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

namespace longtake::gaussians {

uint64_t hash_cpu(const HashRows& rows, int64_t count) {
    constexpr int64_t kBlock = 4096;
    std::vector<uint64_t> sums(static_cast<std::size_t>((count + kBlock - 1) / kBlock));
    parallel_for(std::ssize(sums), [&](int64_t block) {
        uint64_t sum = 0;
        const int64_t end = std::min(count, (block + 1) * kBlock);
        for (int64_t row = block * kBlock; row < end; ++row) {
            sum += rows.of(row);
        }
        sums[static_cast<std::size_t>(block)] = sum;
    });
    return std::accumulate(sums.begin(), sums.end(), uint64_t{0});
}

uint64_t state_hash(const FixedCloud& cloud, GpuStream stream) {
    const FixedDecoder& decoder = cloud.rest_decoder;
    const auto step = static_cast<int32_t>(std::bit_cast<uint32_t>(cloud.mean_step));
    uint64_t hash = HashRows{.values = &step, .features = 1, .column = 0}.of(0);
    uint64_t column = 0;
    const Device device = cloud.device();
    std::shared_ptr<void> sum;
    if (device == Device::Cuda) {
        sum = allocate(sizeof hash, device);
        clear_bytes(sum.get(), device, sizeof hash, stream);
    }
    for (const Tensor* values : {&cloud.means, &cloud.log_scales, &cloud.rotations,
                                 &cloud.opacities, &cloud.sh_dc, &cloud.rest}) {
        const HashRows rows{
            .values = values->data<int32_t>(), .features = values->extent(1), .column = ++column};
        if (cloud.count() > 0 && device == Device::Cuda) {
            hash_cuda(rows, cloud.count(), static_cast<uint64_t*>(sum.get()), stream);
        } else if (cloud.count() > 0) {
            hash += hash_cpu(rows, cloud.count());
        }
    }
    for (const Tensor* values : {&decoder.matrix, &decoder.shift}) {
        const Tensor flat = values->reshape({values->count(), 1});
        const HashRows rows{.values = flat.data<int32_t>(), .features = 1, .column = ++column};
        hash += flat.count() > 0 ? hash_cpu(rows, flat.count()) : 0;
    }
    if (device == Device::Cuda) {
        uint64_t there = 0;
        synchronize(device, stream);
        copy_bytes(&there, Device::Cpu, sum.get(), device, sizeof there);
        hash += there;
    }
    return hash;
}

}  // namespace longtake::gaussians
