#pragma once

#include "gaussians/codec/residual.h"
#include "gaussians/train/adam.h"
#include "gaussians/train/gates.h"
#include "gaussians/train/latents.h"
#include "gaussians/train/regrowth.h"

#include <array>
#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// Adam's, QUEEN's for N3DV (Girish et al. 2024, configs/dynerf.yaml). Its three latents of an
// opacity have one gradient, hence stay equal: here they are one, whose matrix is three times
// theirs.
struct ResidualRates {
    double means = 5e-4;  // times the extent
    double gates = 0.1;
    std::array<double, 4> latents{0.01, 0.025, 0.05, 0.0125};  // log scales, rotations, opacities,
    std::array<double, 4> decoders{1e-4, 1e-3, 3e-4, 1e-3};    // colours
    double rest_latents = 1.25e-4, rest_decoder = 1e-4;
};

// What a frame learns of its Gaussians, as it is before rounding; with the Gaussians of the frame
// before it makes the cloud that is drawn. Decoders, and the latents of the harmonics, go on from
// frame to frame. Work is queued on the stream.
class ResidualModel {
  public:
    // For the frames after `first`, on its device; decoders begin as functions of the seed.
    // With gate_latents, gates are before all that changes rather than before the centres alone.
    ResidualModel(const FixedCloud& first, const GateShape& shape, bool gate_latents, uint64_t seed,
                  GpuStream stream);

    // A frame starts, of the rows `sources` [M] int32 of before: with no change, all gates open.
    // Centres move by multiples of `factor` steps of the cloud.
    void begin(const FixedCloud& before, const std::vector<int32_t>& sources, int32_t factor);
    void set_gates(const std::vector<float>& logits);  // [M]
    int64_t count() const { return logits_.count(); }

    // What it stands for, into tensors that are made when they do not fit.
    void decode(Cloud& cloud);
    // The gradient by all that is learnt from that by the cloud; a gate that is open costs
    // `gate_cost`.
    void backward(const Cloud& by_cloud, double gate_cost);
    // For Adam, the first per_gaussian() of them with a row for each Gaussian.
    std::vector<AdamColumn> columns(const ResidualRates& rates, double extent) const;
    std::size_t per_gaussian() const { return 2 + latents_.size() + (has_rest() ? 1 : 0); }

    // The rows change as density control says; new ones begin as scatter() makes them of `cloud`,
    // which is the one of the last decode().
    void regrow(const Regrowth& rows, const Cloud& cloud, uint64_t seed);
    // Only these rows are left.
    void keep(const std::vector<int32_t>& rows);

    // Rounded; which rows there are is for the caller to say. The decoders become the rounded ones.
    Residual finish();
    // Which gates are open at all, [M], as of the last decode() or finish(); waits.
    std::vector<uint8_t> open_gates() const;

  private:
    bool has_rest() const { return rest_.shift.count() > 0; }
    Tensor gathered(const Tensor& column, const Tensor& rows) const;
    void gather(const Tensor& rows);

    GateShape shape_;
    bool gate_latents_;
    GpuStream stream_;
    Device device_;
    float mean_step_ = 0;
    int32_t factor_ = 1;
    Cloud before_;
    Tensor rest_before_;              // [M, L] whole numbers
    Tensor offsets_, logits_;         // [M, 3], [M]
    std::array<Latents, 4> latents_;  // in the order of ResidualRates
    Latents rest_;
    Tensor gates_;  // [M] as of the last decode()

    Tensor by_offsets_, by_gates_, by_logits_;
    std::array<Latents, 4> by_latents_;
    Latents by_rest_;
};

}  // namespace longtake::gaussians
