#pragma once

namespace longtake::diffusion {
namespace {  // every file that includes this is compiled for its own instruction set

// GELU_tanh(x) = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
template <class Isa> typename Isa::Vector gelu(typename Isa::Vector x) {
    const float c = -2.302208198F;  // -2 sqrt(2 / pi) log2(e)
    const auto even = Isa::fma(Isa::mul(x, x), Isa::broadcast(c * 0.044715F), Isa::broadcast(c));
    const auto power = Isa::min(Isa::mul(x, even), Isa::broadcast(125.F));
    return Isa::mul(x, Isa::reciprocal(Isa::add(Isa::broadcast(1.F), Isa::exp2(power))));
}

}  // namespace
}  // namespace longtake::diffusion
