#pragma once

#include "gaussians/raster/rasterizer.h"
#include "gaussians/scene/cloud.h"
#include "gaussians/train/adam.h"
#include "gaussians/train/density.h"
#include "gaussians/train/initial_points.h"
#include "gaussians/train/mcmc.h"
#include "gaussians/train/photometric_loss.h"
#include "gaussians/train/training_view.h"

#include <cstdint>
#include <functional>
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
    // order of Attributes.
    double first_rate = 1.6e-4, last_rate = 1.6e-6;
    double scale_rate = 5e-3, rotation_rate = 1e-3, opacity_rate = 0.05, dc_rate = 2.5e-3;
    double rest_rate = 1.25e-4;
    // Density control, in iterations: every `densify_every`, from `densify_from` on, until this
    // share of the whole.
    int64_t densify_from = 500, densify_every = 100;
    double densify_until = 0.5;
    DensityOptions density{};
    std::optional<McmcOptions> mcmc{};  // in place of `density`
    RenderOptions render{};
    uint64_t seed = 1;
};

struct TrainingStatus {
    int64_t iteration = 0;  // done
    double loss = 0;        // of the last one
    double psnr = 0;        // dB, of the last one's view
    int64_t gaussians = 0;

    std::string text() const;  // "loss 0.0123, 30.1 dB, 8123 Gaussians"
};

// Learns one moment from pictures of it by several cameras: 3DGS (Kerbl et al. 2023). The result
// does not depend on the number of threads.
class StaticTrainer {
  public:
    // Throws Error without views or points, and when an image is not of its camera's size.
    StaticTrainer(std::vector<TrainingView> views, const Points& points,
                  const TrainingOptions& options = {});

    // One iteration.
    TrainingStatus step();
    // The iterations that are left; `report` is called after each.
    void run(const std::function<void(const TrainingStatus&)>& report = {});

    Cloud cloud() const { return to_cloud(gaussians_); }
    const Attributes<float>& gaussians() const { return gaussians_; }

  private:
    std::size_t next_view();
    void update();
    void control_density(double rate);

    std::vector<TrainingView> views_;
    std::vector<LossTarget<float>> targets_;
    TrainingOptions options_;
    double extent_;
    Attributes<float> gaussians_;
    Adam adam_;
    DensityControl density_;
    std::mt19937_64 engine_;
    std::vector<std::size_t> order_;  // of the views that this round has left
    int64_t iteration_ = 0;

    Rasterizer<float> rasterizer_;
    PhotometricLoss<float> loss_;
    PlanarPicture<float> picture_, by_picture_;
    CloudGradient<float> gradient_;
};

// How a cloud's picture, limited to 0..1, differs from the view's image.
PictureErrors errors_of(const Cloud& cloud, const TrainingView& view,
                        const RenderOptions& options = {});

}  // namespace longtake::gaussians
