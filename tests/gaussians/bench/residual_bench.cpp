// Encodes a scene that moves with one setting of ResidualTrainer after another, all from one first
// frame: a line of JSON for each frame, one for the whole, and one for playing it.
//   residual_bench device=cuda width=1352 height=1014 views=20 frames=60 points=100000 max=560000
//       sampling=1 degree=2 iterations=4000 settings=ablation [splat=biker.spz] [pictures=FOLDER]
//       [streams=FOLDER]
// A setting is a name and what is other: `ablation` stands for the steps of QUEEN's table, none,
// quantized, gated, scored, masked, and ours; queen and compact are presets;
// queen:rounds=8:step=64:masked=0 changes one.
#include "core/device.h"
#include "core/error.h"
#include "core/image.h"
#include "gaussians/codec/stream_writer.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/train/residual_trainer.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/bench/moving_scene.h"
#include "tests/gaussians/bench/stream_play.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr double kReach = 0x1p30;  // steps that a stream holds
constexpr const char* kAblation = "none,quantized,gated,scored,masked,ours";

std::vector<std::string> parts_of(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::stringstream rest(text);
    for (std::string part; std::getline(rest, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

// Words name=value.
struct Arguments {
    std::map<std::string, std::string> given;

    explicit Arguments(std::span<const std::string> words) {
        for (const std::string& word : words) {
            const std::size_t equals = word.find('=');
            check(equals != std::string::npos, "{}: name=value is wanted", word);
            given[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }
    std::string text(const std::string& name, const std::string& otherwise) const {
        const auto found = given.find(name);
        return found == given.end() ? otherwise : found->second;
    }
    int64_t number(const std::string& name, int64_t otherwise) const {
        return std::stoll(text(name, std::to_string(otherwise)));
    }
    double real(const std::string& name, double otherwise) const {
        const auto found = given.find(name);
        return found == given.end() ? otherwise : std::stod(found->second);
    }
};

// QUEEN step by step, as in its paper's ablation; `masked` is all of it.
ResidualOptions setting(const std::string& text) {
    const std::vector<std::string> words = parts_of(text, ':');
    const std::string& name = words.at(0);
    const Arguments a(std::span<const std::string>(words).subspan(1));
    const bool ours = name == "compact" || name == "ours";
    const int64_t rounds = a.number("rounds", ours ? 14 : 10);
    ResidualOptions o = ours ? compact_residuals(rounds) : queen_residuals(rounds);
    const std::map<std::string, GateStart> steps{
        {"quantized", GateStart::Open}, {"gated", GateStart::Even}, {"scored", GateStart::Median}};
    if (const auto step = steps.find(name); step != steps.end()) {
        o.gates = step->second;
        o.masked_share = 0;
    } else {
        check(name == "masked" || name == "queen" || ours, "no setting {}", name);
    }
    o.gates = a.number("robust", 0) != 0 ? GateStart::Robust : o.gates;
    o.gate_latents = a.number("all", o.gate_latents ? 1 : 0) != 0;
    o.gate_threshold = a.real("threshold", o.gate_threshold);
    o.gate_cost = a.real("cost", o.gate_cost);
    o.masked_share = a.real("masked", o.masked_share);
    o.pool = a.real("pool", o.pool);
    o.move_pixels = a.real("step", o.move_pixels);
    o.remove_dead = a.number("dead", o.remove_dead ? 1 : 0) != 0;
    return o;
}

double used_mib(Device device) {
    const MemoryInfo memory = memory_of(device);
    return static_cast<double>(memory.total - memory.free) / (1 << 20);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the camera saw, and beside it what is shown to it.
void write_pair(const std::string& path, const TrainingView& view, const Cloud& cloud,
                const RenderOptions& options) {
    const Tensor drawn = to_image(render(cloud, view.camera, options).colour).to(Device::Cpu);
    const int64_t row = 3 * view.camera.width;
    Tensor both({view.camera.height, 2 * view.camera.width, 3}, DType::U8);
    for (int64_t y = 0; y < view.camera.height; ++y) {
        std::copy_n(view.image.data<uint8_t>() + y * row, row, both.data<uint8_t>() + 2 * y * row);
        std::copy_n(drawn.data<uint8_t>() + y * row, row, both.data<uint8_t>() + (2 * y + 1) * row);
    }
    write_png(path, both);
}

class Bench {
  public:
    explicit Bench(const Arguments& a);
    void encode(const std::string& name);

  private:
    struct Means {  // of the residuals, not the keys
        double psnr = 0, ssim = 0, bytes = 0, seconds = 0, count = 0;
        void add(const PictureErrors& errors, double frame_bytes, double frame_seconds) {
            psnr += errors.psnr();
            ssim += errors.ssim;
            bytes += frame_bytes;
            seconds += frame_seconds;
            ++count;
        }
        std::string text() const {
            return fmt::format(
                R"("psnr": {:.3f}, "ssim": {:.4f}, "bytes": {:.0f}, "seconds": {:.3f})",
                psnr / count, ssim / count, bytes / count, seconds / count);
        }
    };

    void learn_first();
    void uncompressed(const std::string& name);
    void compressed(const std::string& name, ResidualOptions options);
    PictureErrors shown(const std::string& name, std::size_t t, const Cloud& cloud) const;
    void total(const std::string& name, const Means& means) const;

    const Arguments& a_;
    Device device_;
    MovingScene scene_;
    RenderOptions render_{.near = 0.2};
    int64_t most_;
    int degree_;
    FixedCloud first_;
    double extent_ = 0, floor_mib_;
};

MovingScene scene_of(const Arguments& a, Device device) {
    const SceneSize size{.views = static_cast<int>(a.number("views", 8)),
                         .width = static_cast<int>(a.number("width", 192)),
                         .height = static_cast<int>(a.number("height", 108)),
                         .frames = static_cast<int>(a.number("frames", 48)),
                         .whole = static_cast<int>(a.number("whole", 60))};
    const std::string splat = a.text("splat", "");
    return splat.empty() ? toyworld_scene(size, static_cast<uint64_t>(a.number("seed", 7)), device)
                         : splat_scene(read_cloud(splat), size, device);
}

Bench::Bench(const Arguments& a)
    : a_(a),
      device_(a.text("device", "cpu") == "cuda" ? Device::Cuda : Device::Cpu),
      scene_(scene_of(a, device_)),
      most_(a.number("max", 8000)),
      degree_(static_cast<int>(a.number("degree", 1))),
      floor_mib_(used_mib(device_)) {
    learn_first();
}

void Bench::learn_first() {
    TrainingOptions training =
        queen_schedule(std::ssize(scene_.frames[0]), a_.number("iterations", 2000));
    training.sh_degree = degree_;
    training.latents = queen_latents(degree_);
    training.density.max_gaussians = most_;
    if (a_.number("sampling", 0) != 0) {
        training.mcmc = McmcOptions{.max_gaussians = most_};
    }
    const auto begin = std::chrono::steady_clock::now();
    const Points points = swept_points(scene_.frames[0], a_.number("points", 5000), 1);
    StaticTrainer trainer(scene_.frames[0], points, training, device_);
    trainer.run();
    extent_ = trainer.extent();
    const float step = mean_step_of(extent_);
    trainer.keep_visible(kReach * static_cast<double>(step));
    first_ = to_fixed(trainer.cloud(), trainer.latents(), step);
    fmt::print(
        "{{\"first_seconds\": {:.1f}, \"gaussians\": {}, \"extent\": {:.3f}, \"MiB\": {:.0f}}}\n",
        seconds_since(begin), first_.count(), extent_, used_mib(device_) - floor_mib_);
}

PictureErrors Bench::shown(const std::string& name, std::size_t t, const Cloud& cloud) const {
    const std::string pictures = a_.text("pictures", "");
    if (!pictures.empty() && t % static_cast<std::size_t>(a_.number("every", 1)) == 0) {
        write_pair(fmt::format("{}/{}_{:02}.png", pictures, name, t), scene_.seen[t], cloud,
                   render_);
    }
    return errors_of(cloud, scene_.seen[t], render_);
}

void Bench::total(const std::string& name, const Means& means) const {
    fmt::print("{{\"setting\": \"{}\", \"frames\": {}, {}}}\n", name, means.count, means.text());
    std::fflush(stdout);
}

// Without quantization and gates, hence without compression: a frame is all its numbers in fp32.
void Bench::uncompressed(const std::string& name) {
    const auto views = std::ssize(scene_.frames[0]);
    const ResidualOptions queen = queen_residuals(10);
    TrainingOptions training = queen_schedule(views, queen.rounds * views);
    training.sh_degree = degree_;
    training.sh_every = 1;
    training.latents = 0;
    training.first_rate = training.last_rate = queen.rates.means;
    training.densify_from = training.densify_every = queen.densify_round * views;
    training.density = queen.density;
    training.density.min_opacity = 0;
    training.density.max_gaussians = 2 * most_;
    Cloud cloud = to_cloud(first_);
    Means means;
    for (std::size_t t = 1; t < scene_.frames.size(); ++t) {
        std::vector<TrainingView> frame = scene_.frames[t];
        for (TrainingView& view : frame) {
            view.image = view.image.to(device_);
        }
        const auto begin = std::chrono::steady_clock::now();
        StaticTrainer trainer(std::move(frame), cloud, extent_, training, device_);
        trainer.run();
        cloud = trainer.cloud();
        const double seconds = seconds_since(begin);
        int64_t bytes = 0;
        for (const Tensor* column : std::as_const(cloud).columns()) {
            bytes += static_cast<int64_t>(column->bytes());
        }
        const PictureErrors errors = shown(name, t, cloud);
        means.add(errors, static_cast<double>(bytes), seconds);
        fmt::print(
            "{{\"setting\": \"{}\", \"frame\": {}, \"psnr\": {:.3f}, \"ssim\": {:.4f}, "
            "\"bytes\": {}, \"gaussians\": {}, \"seconds\": {:.3f}}}\n",
            name, t, errors.psnr(), errors.ssim, bytes, cloud.count(), seconds);
    }
    total(name, means);
}

void Bench::compressed(const std::string& name, ResidualOptions options) {
    options.density.max_gaussians = 2 * most_;
    options.render = render_;
    const auto every = static_cast<std::size_t>(a_.number("keys", 30));
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "stream.ltv";
    StreamWriter writer(file, {.sh_degree = degree_,
                               .latents = first_.rest_decoder.latents(),
                               .mean_step = first_.mean_step,
                               .near = render_.near,
                               .cameras = {},
                               .notes = {}});
    writer.key(first_);
    const PictureErrors first = shown(name, 0, to_cloud(writer.state()));
    fmt::print(
        "{{\"setting\": \"{}\", \"frame\": 0, \"psnr\": {:.3f}, \"bytes\": {}, "
        "\"gaussians\": {}}}\n",
        name, first.psnr(), writer.last().bytes, writer.last().count);
    std::optional<ResidualTrainer> trainer;
    Means means;
    for (std::size_t t = 1; t < scene_.frames.size(); ++t) {
        const bool key = t % every == 0;
        if (key || !trainer) {
            trainer.reset();
            trainer.emplace(scene_.frames[t - 1], writer.state(), extent_, options, device_);
        }
        std::vector<Tensor> images;
        for (const TrainingView& view : scene_.frames[t]) {
            images.push_back(view.image.to(device_));
        }
        const auto begin = std::chrono::steady_clock::now();
        const auto residual = trainer->next(images);
        const double learnt = seconds_since(begin);
        const ResidualSummary s = trainer->last();
        if (key) {
            writer.key(trainer->state());
            trainer.reset();
        } else {
            writer.residual(*residual);
        }
        const double whole = seconds_since(begin);
        const PictureErrors errors = shown(name, t, to_cloud(writer.state()));
        const FrameHeader& frame = writer.last();
        if (!key) {
            means.add(errors, frame.bytes, whole);
        }
        std::string parts;
        for (std::size_t p = 0; p < kStreamParts; ++p) {
            parts += fmt::format(", \"{}\": {}", kPartNames[p], frame.parts[p].bytes);
        }
        fmt::print(
            "{{\"setting\": \"{}\", \"frame\": {}, \"key\": {}, \"psnr\": {:.3f}, "
            "\"ssim\": {:.4f}, \"bytes\": {}{}, \"gaussians\": {}, \"added\": {}, "
            "\"removed\": {}, \"changed\": {}, \"open\": {}, \"masked\": {:.3f}, "
            "\"seconds\": {:.3f}, \"score\": {:.3f}, \"masks\": {:.3f}, \"learn\": {:.3f}, "
            "\"round\": {:.3f}, \"code\": {:.3f}, \"MiB\": {:.0f}}}\n",
            name, t, key, errors.psnr(), errors.ssim, frame.bytes, parts, frame.count, s.added,
            s.removed, frame.changed, s.active, s.masked, whole, s.score_seconds, s.mask_seconds,
            s.learn_seconds, s.round_seconds, whole - learnt, used_mib(device_) - floor_mib_);
    }
    writer.finish();
    trainer.reset();
    total(name, means);
    fmt::print("{{\"setting\": \"{}\", \"file\": {}}}\n", name, std::filesystem::file_size(file));
    const Camera& camera = scene_.seen[0].camera;
    print(play(file, camera, device_, std::numeric_limits<int64_t>::max()), camera, device_);
    if (const std::string streams = a_.text("streams", ""); !streams.empty()) {
        std::filesystem::copy(file, std::filesystem::path(streams) / (name + ".ltv"),
                              std::filesystem::copy_options::overwrite_existing);
    }
}

void Bench::encode(const std::string& name) {
    name == "none" ? uncompressed(name) : compressed(name, setting(name));
}

void run(const Arguments& a) {
    std::vector<std::string> names;
    for (const std::string& name : parts_of(a.text("settings", "queen"), ',')) {
        const std::vector<std::string> several =
            name == "ablation" ? parts_of(kAblation, ',') : std::vector{name};
        names.insert(names.end(), several.begin(), several.end());
    }
    Bench bench(a);
    for (const std::string& name : names) {
        bench.encode(name);
    }
}

}  // namespace
}  // namespace longtake::gaussians

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        longtake::gaussians::run(longtake::gaussians::Arguments(words));
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "residual_bench: {}\n", e.what());
        return 1;
    }
}
