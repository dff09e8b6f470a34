#include "gaussians/train/view_loss.h"

#include "core/error.h"
#include "gaussians/train/picture_rows.h"
#include "gaussians/train/rows.h"

#include <utility>

namespace longtake::gaussians {

std::unique_ptr<ViewLoss> ViewLoss::on(Device device, std::span<const TrainingView> views,
                                       double ssim_share, bool graphs) {
    return device == Device::Cpu ? view_loss_cpu(views, ssim_share)
                                 : view_loss_cuda(views, ssim_share, graphs);
}

ViewLoss::ViewLoss(Device device, std::span<const TrainingView> views) : device_(device) {
    for (const TrainingView& view : views) {
        seen_.push_back({.camera = view.camera, .now = {}, .before = {}, .tiles = {}});
        check_image(seen_.back(), view.image);
        seen_.back().now = view.image.to(device);
    }
}

void ViewLoss::check_image(const Seen& seen, const Tensor& image) const {
    const int64_t h = seen.camera.height, w = seen.camera.width;
    check(image.shape() == Shape({h, w, 3}), "an image of {} from a camera of [{}, {}]",
          image.shape().str(), h, w);
}

void ViewLoss::advance(std::span<const Tensor> images) {
    check(images.size() == seen_.size(), "{} images of {} views", images.size(), seen_.size());
    for (std::size_t view = 0; view < seen_.size(); ++view) {
        Seen& seen = seen_[view];
        check_image(seen, images[view]);
        seen.before = std::exchange(seen.now, images[view].to(device_));
        seen.targeted = false;
    }
    advanced();
}

void ViewLoss::mask(std::size_t view, std::vector<uint8_t> tiles) {
    seen_[view].tiles = std::move(tiles);
    seen_[view].targeted = false;
}

void ViewLoss::refresh(std::size_t view) {
    Seen& seen = seen_[view];
    if (std::exchange(seen.targeted, true)) {
        return;
    }
    const TileGrid grid(seen.camera.width, seen.camera.height);
    Tensor alive;
    if (!seen.tiles.empty()) {
        check(std::ssize(seen.tiles) == grid.count(), "a mask of {} tiles for a picture of {}",
              seen.tiles.size(), grid.count());
        alive = Tensor::view(seen.tiles.data(), {grid.count()}, DType::U8).to(device_);
    }
    Tensor& planes = target(view);
    const int64_t pixels = grid.width * grid.height;
    const PlaneRows rows{.image = seen.now.data<uint8_t>(),
                         .alive = alive.empty() ? nullptr : alive.data<uint8_t>(),
                         .pixels = pixels,
                         .width = grid.width,
                         .tile_columns = grid.columns,
                         .planes = planes.data<float>()};
    run_on(device_, rows, pixels, stream());
    targeted(view);
}

RenderOptions ViewLoss::masked(std::size_t view, const RenderOptions& options) const {
    RenderOptions result = options;
    result.tiles = seen_[view].tiles;
    return result;
}

void ViewLoss::run(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                   GradientTensors& out, const std::function<void()>& then) {
    refresh(view);
    step(cloud, view, options, out, then);
}

void ViewLoss::step(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                    GradientTensors& out, const std::function<void()>& then) {
    draw(cloud, seen_[view].camera, masked(view, options), true);
    compare(view);
    go_back(cloud, out);
    if (then) {
        then();
    }
}

void ViewLoss::run_change(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                          GradientTensors& out) {
    const Seen& seen = seen_[view];
    check(!seen.before.empty(), "there is no picture before the first");
    const Picture& picture = draw(cloud, seen.camera, masked(view, options), true);
    const int64_t pixels = seen.camera.width * seen.camera.height;
    const ChangeRows rows{.picture = picture.colour.data<float>(),
                          .now = seen.now.data<uint8_t>(),
                          .before = seen.before.data<uint8_t>(),
                          .pixels = pixels,
                          .by_picture = by_colour().data<float>()};
    run_on(device_, rows, pixels, stream());
    go_back(cloud, out);
}

std::vector<uint8_t> ViewLoss::covered(const Cloud& cloud, std::size_t view,
                                       const RenderOptions& options) {
    const Camera& camera = seen_[view].camera;
    const Picture& picture = draw(cloud, camera, options, false);
    const TileGrid grid(camera.width, camera.height);
    const int64_t columns = (grid.width + kCellSide - 1) / kCellSide;
    Tensor covered({grid.height, columns}, DType::U8, device_);
    const CoverRows rows{.alpha = picture.alpha.data<float>(),
                         .width = grid.width,
                         .cell_columns = columns,
                         .covered = covered.data<uint8_t>()};
    run_on(device_, rows, covered.count(), stream());
    synchronize(device_, stream());
    covered = covered.to(Device::Cpu);
    std::vector<uint8_t> tiles(static_cast<std::size_t>(grid.count()));
    constexpr int64_t kCellTiles = kCellSide / kTileSide;
    for (int64_t i = 0; i < covered.count(); ++i) {
        const int64_t row = i / columns / kCellSide * kCellTiles, column = i % columns * kCellTiles;
        for (int64_t k = 0; k < kCellTiles * kCellTiles && covered.data<uint8_t>()[i] != 0; ++k) {
            const int64_t y = row + k / kCellTiles, x = column + k % kCellTiles;
            if (y < grid.rows && x < grid.columns) {
                tiles[static_cast<std::size_t>(y * grid.columns + x)] = 1;
            }
        }
    }
    return tiles;
}

}  // namespace longtake::gaussians
