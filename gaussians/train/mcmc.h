#pragma once

#include "gaussians/train/regrowth.h"

#include <cstdint>
#include <random>

namespace longtake::gaussians {

struct McmcOptions {
    double noise = 5e5;          // times the centres' learning rate
    double min_opacity = 0.005;  // fainter Gaussians are dead
    double growth = 1.05;        // of their number, at every run
    double opacity_cost = 0.01;  // added to the loss: times the mean opacity
    double scale_cost = 0.01;    // and times the mean standard deviation
    int64_t max_gaussians = 200000;
};

// Density control by sampling (Kheradmand et al. 2024, "3D Gaussian Splatting as Markov Chain Monte
// Carlo"): a fixed budget, nothing depends on thresholds of gradients or on where training starts.
// The faint wander, the dead come back where there is opacity.
class Mcmc {
  public:
    explicit Mcmc(const McmcOptions& options, GpuStream stream = nullptr)
        : options_(options), stream_(stream) {}

    // Adds the gradient of the costs.
    void add_costs(const Cloud& cloud, Cloud& gradient) const;
    // After a step: noise in the shape of each Gaussian, none for what is visible. `rate` is the
    // centres' learning rate; the noise is a function of (seed, Gaussian).
    void perturb(Cloud& cloud, double rate, uint64_t seed) const;
    // Who dies and who is shared out: the dead and the new ones are all made of living ones, drawn
    // by their opacity. Waits for the device.
    Regrowth run(const Cloud& cloud, std::mt19937_64& engine) const;

  private:
    McmcOptions options_;
    GpuStream stream_;
};

// What n Gaussians in one place must be for their blend to be, at the centre and in sum, the one of
// `opacity` that they replace.
struct Share {
    double opacity;
    double scale;  // times the scale of the one
};
Share share_of(double opacity, int n);

}  // namespace longtake::gaussians
