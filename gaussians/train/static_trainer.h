#pragma once

#include "gaussians/scene/cloud.h"
#include "gaussians/train/adam.h"
#include "gaussians/train/density.h"
#include "gaussians/train/initial_points.h"
#include "gaussians/train/latents.h"
#include "gaussians/train/mcmc.h"
#include "gaussians/train/view_loss.h"
#include "gaussians/train/view_order.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace longtake::gaussians {

struct TrainingOptions {
    int64_t iterations = 7000;  // one view each
    int sh_degree = 2;          // begins with 0, one more every sh_every
    int64_t sh_every = 1000;
    double initial_size = 1;  // of the Gaussians, times the distances between the points
    double ssim_share = 0.2;
    // Of the centres, times the extent, from the first iteration to the last; of the others in the
    // order of Cloud.
    double first_rate = 1.6e-4, last_rate = 1.6e-6;
    double scale_rate = 5e-3, rotation_rate = 1e-3, opacity_rate = 0.05, dc_rate = 2.5e-3;
    double rest_rate = 1.25e-4;
    // Latents of a Gaussian's harmonics, and the rates in place of rest_rate; 0: they are learnt as
    // they are.
    int64_t latents = 0;
    double latent_rate = 6.25e-4, decoder_rate = 1e-3;
    // Density control, in iterations: every `densify_every`, from `densify_from` on, until this
    // share of the whole.
    int64_t densify_from = 500, densify_every = 100;
    double densify_until = 0.5;
    DensityOptions density{};
    std::optional<McmcOptions> mcmc{};  // in place of `density`
    RenderOptions render{};
    uint64_t seed = 1;
    bool graphs = true;  // ViewLoss::on
};

// QUEEN's first frame (Girish et al. 2024, configs/dynerf.yaml): 500 rounds of the views, density
// control every 5 from the 50th to the 400th, harmonics of degree 2 as Latents. With another
// number of iterations all of it takes the same share of them.
TrainingOptions queen_schedule(int64_t views, int64_t iterations = 0);
// Its latents of a Gaussian for harmonics of that degree.
int64_t queen_latents(int sh_degree);

struct TrainingStatus {
    int64_t iteration = 0;  // done
    double loss = 0;        // of the last one
    double psnr = 0;        // dB, of the last one's view
    int64_t gaussians = 0;

    std::string text() const;  // "loss 0.0123, 30.1 dB, 8123 Gaussians"
};

// Learns one moment from pictures of it by several cameras: 3DGS (Kerbl et al. 2023). On the CPU
// the result does not depend on the number of threads. On the GPU everything stays there: of an
// iteration only the number of meetings of Gaussians and tiles comes back, of density control what
// it decides by.
class StaticTrainer {
  public:
    // Throws Error without views or points, and when an image is not of its camera's size.
    StaticTrainer(std::vector<TrainingView> views, const Points& points,
                  const TrainingOptions& options = {}, Device device = Device::Cpu);
    // Goes on with Gaussians that are there, whose harmonics are learnt as they are:
    // options.latents is 0. `extent` as of those that learnt them.
    StaticTrainer(std::vector<TrainingView> views, const Cloud& start, double extent,
                  const TrainingOptions& options, Device device = Device::Cpu);

    // One iteration; on the GPU it is not waited for.
    void step();
    // Only Gaussians are left that a picture can show and whose coordinates are within `distance`:
    // sampling leaves many too faint and throws some far away.
    void keep_visible(double distance);
    // The iterations that are left; `report` is called after each.
    void run(const std::function<void(const TrainingStatus&)>& report = {});
    // Waits for the last iteration.
    TrainingStatus status();
    // What is learnt so far, on the device; valid until the next step.
    const Cloud& cloud();
    // Of its harmonics; [N, 0] where there are none. Throws Error where they were learnt as they
    // are.
    Latents latents();
    double extent() const { return extent_; }  // the unit of rates and sizes

  private:
    double rate() const;  // of the centres, now
    void learn();
    void settle();
    void regrow(const Regrowth& change);

    std::vector<TrainingView> views_;
    TrainingOptions options_;
    Device device_;
    double extent_;
    std::unique_ptr<ViewLoss> loss_;
    Cloud cloud_;
    std::optional<Latents> latents_;  // what cloud_.sh_rest is made from
    Adam adam_;
    DensityControl density_;
    std::mt19937_64 engine_;
    ViewOrder order_;
    int64_t iteration_ = 0;

    GradientTensors gradient_;
    Latents by_latents_;
};

// How a cloud's picture, limited to 0..1, differs from the view's image.
PictureErrors errors_of(const Cloud& cloud, const TrainingView& view,
                        const RenderOptions& options = {});

}  // namespace longtake::gaussians
