#include "gaussians/raster/cuda_rasterizer.h"

#include "core/device.h"
#include "core/error.h"
#include "gaussians/raster/cuda/growing_buffer.h"
#include "gaussians/raster/cuda/kernels.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

using cuda::GrowingBuffer;

void fit(Tensor& tensor, const Shape& shape) {
    if (tensor.empty() || tensor.shape() != shape || tensor.device() != Device::Cuda) {
        tensor = Tensor(shape, DType::F32, Device::Cuda);
    }
}

// nullptr for an empty tensor.
const float* plane(const Tensor& tensor, const Shape& shape, const char* name) {
    if (tensor.empty()) {
        return nullptr;
    }
    check(tensor.device() == Device::Cuda && tensor.shape() == shape,
          "the {} of the picture is {}, not {} on the GPU", name, tensor.shape().str(),
          shape.str());
    return tensor.data<float>();
}

PicturePlanes<const float> planes_of(const Picture& picture, const cuda::Grid& grid) {
    const int64_t h = grid.height, w = grid.width;
    return {.colour = plane(picture.colour, {3, h, w}, "colour"),
            .alpha = plane(picture.alpha, {h, w}, "alpha"),
            .depth = plane(picture.depth, {h, w}, "depth")};
}

// Grid::alive_before of a mask.
std::vector<int32_t> alive_before(const TileGrid& grid) {
    std::vector<int32_t> before;
    before.reserve(static_cast<size_t>(grid.rows * (grid.columns + 1)));
    for (int64_t row = 0; row < grid.rows; ++row) {
        int32_t alive = 0;
        before.push_back(alive);
        for (int64_t column = 0; column < grid.columns; ++column) {
            alive += grid.is_alive(row * grid.columns + column) ? 1 : 0;
            before.push_back(alive);
        }
    }
    return before;
}

size_t size(int64_t count) {
    return static_cast<size_t>(count);
}

}  // namespace

struct CudaRasterizer::State {
    explicit State(cudaStream_t s) : stream(s) {}

    // What it is about.
    void set_grid(const Camera& camera, const RenderOptions& options);
    // Its parts.
    void begin(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
               Picture& picture, Keep keep);
    void project(const AttributeView<float>& cloud);
    void sort_by_depth();
    void wait_for_count();
    void make_room(int64_t meetings);
    void draw();

    cuda::BlendScene scene() const {
        return {.grid = grid,
                .splats = projected.splats,
                .ranges = ranges,
                .gaussians = lists.sorted_gaussians,
                .background = {background[0], background[1], background[2]}};
    }
    // What a sort or scan of CUB's works in: first it is asked how much.
    template <typename Work> void reserve_scratch(const Work& work) {
        cuda::Scratch wanted;
        work(wanted);
        scratch_buffer.at_least(std::max<size_t>(wanted.bytes, 1));
    }
    cuda::Scratch scratch() const {
        return {.data = scratch_buffer.data(), .bytes = scratch_buffer.bytes()};
    }
    void mark(const CudaEvent& event) const {
        if (timed) {
            event.record(stream);
        }
    }
    int64_t capacity() const {
        return static_cast<int64_t>(instance_tiles.bytes() / sizeof(uint32_t));
    }

    cudaStream_t stream;
    enum Mark { kStart, kProjected, kDepthSorted, kListed, kSorted, kBlended, kMarks };
    std::array<CudaEvent, kMarks> marks;
    CudaEvent counted, backward_start, backward_blended, backward_end;
    std::shared_ptr<void> pinned = allocate_host(sizeof(unsigned long long), Device::Cuda);

    // Of the last forward pass.
    int64_t gaussians = 0, instances = -1, most_buckets = 0;
    int64_t room = 0;     // entries that are listed and sorted
    bool padded = false;  // some of which may be of no instance
    int cloud_degree = 0;
    bool kept = false, drawn = false, timed = true, has_gradient = false;
    PicturePlanes<float> planes{};
    std::array<float, 3> background{};
    std::vector<uint8_t> mask;
    cuda::Grid grid{};
    cuda::View view{Frustum(Camera{}), 0, 0};
    cuda::Projected projected{};
    cuda::DepthOrder order{};
    cuda::Instances lists{};
    uint2* ranges = nullptr;
    cuda::Buckets buckets{};

    GrowingBuffer splats, tiles, depth_keys, numbers, total;
    GrowingBuffer sorted_keys, sorted_numbers, begins;
    GrowingBuffer instance_tiles, instance_gaussians, sorted_tiles, sorted_gaussians;
    GrowingBuffer ranges_buffer, mask_buffer, scratch_buffer;
    GrowingBuffer bucket_begins, bucket_tiles, bucket_pixels, bucket_lasts;
    GrowingBuffer gradients;

    std::array<const GrowingBuffer*, 20> buffers() const {
        return {&splats,         &tiles,         &depth_keys,         &numbers,
                &total,          &sorted_keys,   &sorted_numbers,     &begins,
                &instance_tiles, &sorted_tiles,  &instance_gaussians, &sorted_gaussians,
                &ranges_buffer,  &mask_buffer,   &scratch_buffer,     &bucket_begins,
                &bucket_tiles,   &bucket_pixels, &bucket_lasts,       &gradients};
    }
};

void CudaRasterizer::State::set_grid(const Camera& camera, const RenderOptions& options) {
    check(camera.width > 0 && camera.height > 0, "a camera of {}x{} has no pixels", camera.width,
          camera.height);
    TileGrid tile_grid(camera.width, camera.height);
    tile_grid.alive = options.tiles;
    check(tile_grid.alive.empty() ||
              static_cast<int64_t>(tile_grid.alive.size()) == tile_grid.count(),
          "a mask of {} tiles for a picture of {}", tile_grid.alive.size(), tile_grid.count());
    check(camera.width * camera.height <= std::numeric_limits<int32_t>::max(),
          "a picture of {}x{} is too large", camera.width, camera.height);
    const bool same_mask = grid.columns == tile_grid.columns && mask == tile_grid.alive;
    const int32_t* alive = same_mask ? grid.alive_before : nullptr;
    if (!same_mask && !tile_grid.alive.empty()) {
        const std::vector<int32_t> before = alive_before(tile_grid);
        auto* to = mask_buffer.at_least<int32_t>(before.size());
        // Of pageable memory: it has been read when the call returns.
        cuda_check(cudaMemcpyAsync(to, before.data(), before.size() * sizeof(int32_t),
                                   cudaMemcpyHostToDevice, stream),
                   "copying the mask of tiles");
        alive = to;
    }
    mask = tile_grid.alive;
    grid = {.width = static_cast<int>(camera.width),
            .height = static_cast<int>(camera.height),
            .columns = static_cast<int>(tile_grid.columns),
            .rows = static_cast<int>(tile_grid.rows),
            .alive_before = alive};
}

void CudaRasterizer::State::project(const AttributeView<float>& cloud) {
    const size_t n = size(cloud.count);
    projected = {.splats = splats.at_least<Splat<float>>(n),
                 .tiles = tiles.at_least<uint32_t>(n),
                 .depth_keys = depth_keys.at_least<uint32_t>(n),
                 .numbers = numbers.at_least<uint32_t>(n),
                 .instances = total.at_least<unsigned long long>(1)};
    cuda::project(cloud, view, grid, projected, stream);
    cuda_check(cudaMemcpyAsync(pinned.get(), projected.instances, sizeof(unsigned long long),
                               cudaMemcpyDeviceToHost, stream),
               "copying the number of instances");
    counted.record(stream);
}

void CudaRasterizer::State::sort_by_depth() {
    if (gaussians > 0) {
        cuda::Scratch room_of_it = scratch();
        cuda::sort_by_depth(projected, static_cast<int>(gaussians), order, room_of_it, stream);
    }
}

void CudaRasterizer::State::wait_for_count() {
    counted.synchronize();
    const auto met = *static_cast<const unsigned long long*>(pinned.get());
    check(met <= size(std::numeric_limits<int32_t>::max()), "the Gaussians cover too many tiles");
    instances = static_cast<int64_t>(met);
}

void CudaRasterizer::State::make_room(int64_t meetings) {
    room = meetings;
    const size_t n = size(room), tiles_in_all = size(grid.count());
    lists = {.tiles = instance_tiles.at_least<uint32_t>(n),
             .gaussians = instance_gaussians.at_least<uint32_t>(n),
             .sorted_tiles = sorted_tiles.at_least<uint32_t>(n),
             .sorted_gaussians = sorted_gaussians.at_least<uint32_t>(n)};
    ranges = ranges_buffer.at_least<uint2>(tiles_in_all);
    if (room > 0) {
        reserve_scratch([&](cuda::Scratch& wanted) {
            cuda::sort_by_tile(lists, static_cast<int>(room), grid, wanted, stream);
        });
    }
    buckets = {};
    most_buckets = 0;
    if (kept) {
        // No tile has more than its instances / 32 and one that is not full.
        most_buckets = room / cuda::kBucketSize + std::min<int64_t>(room, grid.count());
        buckets = {.begin = bucket_begins.at_least<uint32_t>(tiles_in_all + 1),
                   .tile = bucket_tiles.at_least<int32_t>(size(most_buckets)),
                   .pixels = bucket_pixels.at_least<float>(size(most_buckets) *
                                                           cuda::kBucketPlanes * cuda::kTilePixels),
                   .lasts = bucket_lasts.at_least<uint32_t>(tiles_in_all * cuda::kTilePixels)};
        reserve_scratch([&](cuda::Scratch& wanted) {
            cuda::find_buckets(ranges, grid, buckets.begin, wanted, stream);
        });
    }
}

void CudaRasterizer::State::draw() {
    cuda::Scratch room_of_it = scratch();
    const int count = static_cast<int>(room);
    if (count > 0) {
        if (padded) {
            cuda::list_none(lists, count, stream);
        }
        cuda::list_instances(projected, order, static_cast<int>(gaussians), grid, lists, stream);
    }
    mark(marks[kListed]);
    if (count > 0) {
        cuda::sort_by_tile(lists, count, grid, room_of_it, stream);
    }
    cuda::find_ranges(lists, count, grid, ranges, stream);
    mark(marks[kSorted]);
    if (kept) {
        cuda::find_buckets(ranges, grid, buckets.begin, room_of_it, stream);
    }
    cuda::blend(scene(), planes, buckets, stream);
    mark(marks[kBlended]);
    drawn = true;
}

void CudaRasterizer::State::begin(const Cloud& cloud, const Camera& camera,
                                  const RenderOptions& options, Picture& picture, Keep keep) {
    const AttributeView<float> attributes = view_of(cloud, Device::Cuda);
    check(attributes.count <= std::numeric_limits<int32_t>::max(), "{} Gaussians are too many",
          attributes.count);
    instances = -1;
    drawn = false;
    set_grid(camera, options);
    view = {Frustum(camera), options.near, std::min(options.sh_degree, attributes.sh_degree)};
    gaussians = attributes.count;
    cloud_degree = attributes.sh_degree;
    background = options.background;
    kept = keep == Keep::WhatGradientsNeed;
    has_gradient = false;
    fit(picture.colour, {3, camera.height, camera.width});
    fit(picture.alpha, {camera.height, camera.width});
    fit(picture.depth, {camera.height, camera.width});
    planes = {picture.colour.data<float>(), picture.alpha.data<float>(),
              picture.depth.data<float>()};
    const size_t n = size(gaussians);
    order = {.keys = sorted_keys.at_least<uint32_t>(n),
             .numbers = sorted_numbers.at_least<uint32_t>(n),
             .begin = begins.at_least<uint32_t>(n)};
    mark(marks[kStart]);
    project(attributes);
    mark(marks[kProjected]);
    if (gaussians > 0) {
        reserve_scratch([&](cuda::Scratch& wanted) {
            cuda::sort_by_depth(projected, static_cast<int>(gaussians), order, wanted, stream);
        });
    }
}

CudaRasterizer::CudaRasterizer(cudaStream_t stream) : state_(std::make_unique<State>(stream)) {}
CudaRasterizer::~CudaRasterizer() = default;
CudaRasterizer::CudaRasterizer(CudaRasterizer&&) noexcept = default;
CudaRasterizer& CudaRasterizer::operator=(CudaRasterizer&&) noexcept = default;

void CudaRasterizer::forward(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
                             Picture& picture, Keep keep) {
    State& s = *state_;
    s.timed = true;
    s.begin(cloud, camera, options, picture, keep);
    s.sort_by_depth();
    s.mark(s.marks[State::kDepthSorted]);
    s.wait_for_count();
    s.padded = false;
    s.make_room(s.instances);
    s.draw();
}

void CudaRasterizer::begin(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
                           Picture& picture, Keep keep) {
    State& s = *state_;
    s.timed = false;
    s.begin(cloud, camera, options, picture, keep);
    s.padded = true;
    s.make_room(s.capacity());
}

void CudaRasterizer::order() {
    state_->sort_by_depth();
}

void CudaRasterizer::draw() {
    state_->draw();
}

bool CudaRasterizer::fits() {
    State& s = *state_;
    s.wait_for_count();
    const bool enough = s.instances <= s.room;
    if (!enough) {
        s.make_room(s.instances);
    }
    return enough;
}

int64_t CudaRasterizer::room() const {
    return state_->capacity();
}

void CudaRasterizer::backward(const Cloud& cloud, const Picture& picture, const Picture& by_picture,
                              GradientTensors& out) {
    State& s = *state_;
    check(s.kept && s.drawn, "no forward pass has kept what gradients need");
    const AttributeView<float> attributes = view_of(cloud, Device::Cuda);
    check(attributes.count == s.gaussians &&
              (s.gaussians == 0 || attributes.sh_degree == s.cloud_degree),
          "{} Gaussians of degree {}, not {} of degree {}", attributes.count, attributes.sh_degree,
          s.gaussians, s.cloud_degree);
    check(!picture.colour.empty() && !picture.alpha.empty() && !picture.depth.empty(),
          "a picture without colour, alpha or depth");
    const auto planes = planes_of(picture, s.grid), by = planes_of(by_picture, s.grid);
    const int64_t n = s.gaussians;
    const int64_t rest = sh_rest_count(s.cloud_degree);
    fit(out.attributes.means, {n, 3});
    fit(out.attributes.log_scales, {n, 3});
    fit(out.attributes.rotations, {n, 4});
    fit(out.attributes.opacities, {n});
    fit(out.attributes.sh_dc, {n, 3});
    fit(out.attributes.sh_rest, {n, rest, 3});
    fit(out.screen, {n, 2});
    fit(out.screen_magnitude, {n, 2});
    out.tiles = Tensor::view(s.projected.tiles, {n}, DType::I32, Device::Cuda);
    auto* gradients = s.gradients.at_least<SplatGradient<float>>(size(n));

    s.mark(s.backward_start);
    cuda_check(cudaMemsetAsync(gradients, 0, size(n) * sizeof(*gradients), s.stream), "clearing");
    cuda::blend_backward(s.scene(), planes, by, s.buckets, s.most_buckets, gradients, s.stream);
    s.mark(s.backward_blended);
    cuda::project_backward(attributes, s.view, s.projected, gradients,
                           {.means = out.attributes.means.data<float>(),
                            .log_scales = out.attributes.log_scales.data<float>(),
                            .rotations = out.attributes.rotations.data<float>(),
                            .opacities = out.attributes.opacities.data<float>(),
                            .sh_dc = out.attributes.sh_dc.data<float>(),
                            .sh_rest = out.attributes.sh_rest.data<float>(),
                            .screen = out.screen.data<float>(),
                            .screen_magnitude = out.screen_magnitude.data<float>()},
                           s.stream);
    s.mark(s.backward_end);
    s.has_gradient = s.timed;
}

int64_t CudaRasterizer::instances() const {
    return state_->instances;
}

RasterTimes CudaRasterizer::times() const {
    const State& s = *state_;
    const auto part = [&](State::Mark mark) { return s.marks[mark].since(s.marks[mark - 1]); };
    s.marks[State::kBlended].synchronize();
    RasterTimes times{.project = part(State::kProjected),
                      .sort_by_depth = part(State::kDepthSorted),
                      .list = part(State::kListed),
                      .sort_by_tile = part(State::kSorted),
                      .blend = part(State::kBlended)};
    if (s.has_gradient) {
        s.backward_end.synchronize();
        times.blend_backward = s.backward_blended.since(s.backward_start);
        times.project_backward = s.backward_end.since(s.backward_blended);
    }
    return times;
}

size_t CudaRasterizer::bytes() const {
    size_t bytes = 0;
    for (const GrowingBuffer* buffer : state_->buffers()) {
        bytes += buffer->bytes();
    }
    return bytes;
}

}  // namespace longtake::gaussians
