#include "diffusion/weights/random_weights.h"

#include "core/error.h"
#include "core/parallel.h"

#include <cmath>
#include <cstdint>
#include <functional>

namespace longtake::diffusion {
namespace {

// SplitMix64: the n-th number of a sequence, without those before it.
uint64_t mixed(uint64_t n) {
    uint64_t z = n * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

}  // namespace

Tensor RandomWeights::tensor(const std::string& name, const Shape& shape) const {
    const bool gain = name.find("norm") != name.npos && !name.ends_with("bias");
    const bool matrix = shape.rank() > 1 && shape[0] > 1 && !gain;
    const auto inputs = static_cast<double>(matrix ? shape.count() / shape[0] : 100);
    // Uniform numbers of deviation one reach to sqrt(3).
    const auto reach = static_cast<float>(std::sqrt(3.0 / inputs));
    const float middle = gain ? 1.F : 0.F;
    const uint64_t start = mixed(std::hash<std::string>{}(name));
    Tensor t(shape, DType::F32);
    float* values = t.data<float>();
    parallel_for(t.count(), [=](int64_t i) {
        const auto bits = static_cast<int32_t>(mixed(start + static_cast<uint64_t>(i)) >> 32);
        values[i] = middle + reach * static_cast<float>(bits) / 2147483648.F;
    });
    return t;
}

Tensor RandomWeights::tensor(const std::string& name) const {
    const auto found = shapes_.find(name);
    check(found != shapes_.end(), "random weights: tensor {} has no known shape", name);
    return tensor(name, found->second);
}

}  // namespace longtake::diffusion
