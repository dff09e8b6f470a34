#include "tools/longtake/scene.h"

#include "core/arena.h"
#include "core/error.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/formats/cloud_file.h"

#include <cmath>

namespace longtake::cli {
namespace {

class StillScene : public Scene {
  public:
    StillScene(const std::string& path, Device device)
        : cloud_(gaussians::read_cloud(path).to(device)) {}
    const gaussians::Cloud& at(double) override { return cloud_; }

  private:
    gaussians::Cloud cloud_;
};

class StreamScene : public Scene {
  public:
    StreamScene(const std::string& address, Device device, bool skip_damaged)
        : reader_(address, {.device = device, .skip_damaged = skip_damaged}), arena_(device) {
        const gaussians::StreamInfo& info = reader_.info();
        frame_rate = info.frame_rate;
        near = info.near;
        cameras = info.cameras;
        if (const auto frames = reader_.frame_count()) {
            seconds = static_cast<double>(*frames) / info.frame_rate.value();
        }
        check_input(reader_.next(), "{}: there is no frame in it", address);
        make_cloud();
    }

    const gaussians::Cloud& at(double time) override {
        constexpr double kRounding = 1e-6;  // of a frame
        const auto frame = static_cast<int64_t>(std::floor(time * frame_rate->value() + kRounding));
        bool moved = false;
        while (int64_t{reader_.frame().number} < reader_.info().first_frame + frame &&
               reader_.next()) {
            moved = true;
        }
        if (moved) {
            make_cloud();
        }
        return cloud_;
    }

  private:
    void make_cloud() {
        scope_.reset();
        scope_.emplace(arena_);
        cloud_ = gaussians::to_cloud(reader_.state(), nullptr, &arena_);
        synchronize(cloud_.means.device(), nullptr);
    }

    gaussians::StreamReader reader_;
    Arena arena_;
    std::optional<Arena::Scope> scope_;
    gaussians::Cloud cloud_;
};

}  // namespace

std::unique_ptr<Scene> Scene::open(const std::string& address, Device device, bool skip_damaged) {
    if (gaussians::is_stream(address)) {
        return std::make_unique<StreamScene>(address, device, skip_damaged);
    }
    return std::make_unique<StillScene>(address, device);
}

}  // namespace longtake::cli
