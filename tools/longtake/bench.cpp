#include "core/error.h"
#include "core/progress.h"
#include "diffusion/random_model.h"
#include "generator/control/time_text.h"
#include "generator/noise.h"
#include "generator/take.h"
#include "tools/longtake/bench_sessions.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/gemm_ceiling.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/take_summary.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>

namespace longtake::cli {
namespace {

using generator::ChunkTimes;

constexpr int64_t kChunksPerProduct = 4;  // between two measurements of oneDNN's product

struct BenchOptions {
    ModelOptions model;
    std::string seconds = "20";
    std::string prompt = "a red ball rolls right on green grass by day";
    std::string json;
    std::string size;  // of a random model; empty: the model
    int sessions = 1;
    int workers = 0;  // 0: takes are not paced
    int batch = 1;
};

class NullWriter : public FrameWriter {
  public:
    void write(const Tensor&) override {}
    void finish() override {}
};

struct Figures {
    generator::TakeReport report;
    size_t steady_from = 0;  // the first chunk with a full window
    double frame_rate = 0;
    double gflops = 0;               // of the transformer: the median chunk's denoising passes
    double ceiling = 0;              // of a plain matrix product there, the median
    double gemm_share = 0;           // the median of their ratio, each taken at the same moment
    double gpu_mib = 0;              // taken of the GPU's memory, by everybody; 0 on the CPU
    std::vector<double> memory_mib;  // after each minute of video, and at the end

    std::span<const ChunkTimes> steady() const {
        return std::span(report.chunks).subspan(steady_from);
    }
    double quantile_of(double ChunkTimes::*part, double share) const {
        return quantile(part_of(steady(), part), share);
    }
    double mean_of(double ChunkTimes::*part) const {
        const auto values = part_of(steady(), part);
        return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
    }
    double frames_per_second() const {
        double frames = 0, ms = 0;
        for (const ChunkTimes& c : steady()) {
            frames += static_cast<double>(c.frames);
            ms += c.diffuse_ms + c.decode_ms + c.finalize_ms;
        }
        return 1e3 * frames / ms;
    }
};

// A model that makes videos of pictures gets a grey one.
generator::SessionOptions options_of(const BenchOptions& o, const diffusion::VideoModel& model) {
    generator::SessionOptions options{.cache = o.model.cache, .steps = o.model.steps};
    if (model.reads_image()) {
        options.image = Tensor({1, 1, 3}, DType::U8);
        std::ranges::fill(options.image.values<uint8_t>(), uint8_t{128});
    }
    return options;
}

// What the model is asked to show; a random one reads no prompts.
generator::Steer steer_by_prompt(const std::string& prompt, generator::Session& session) {
    if (session.model().reads_prompts()) {
        return generator::steer_by(generator::PromptTimeline::parse(prompt));
    }
    constexpr int64_t kPromptRows = 60;
    Tensor embeds({kPromptRows, session.model().transformer().config().text_dim}, DType::F32);
    generator::fill_gaussian({.seed = 1}, embeds.values<float>());
    session.prompt().set_embeds(embeds, "random numbers");
    return [](generator::Session&) {};
}

double gpu_mib(Device device) {
    const MemoryInfo memory = device == Device::Cuda ? memory_of(device) : MemoryInfo();
    return static_cast<double>((memory.total - memory.free) >> 20);
}

Figures measure(const BenchOptions& o, double seconds, generator::Session& session) {
    const auto& transformer = session.model().transformer();
    Figures f;
    f.frame_rate = session.model().config().frame_rate;
    const auto frames = static_cast<int64_t>(std::llround(std::max(1.0, seconds * f.frame_rate)));
    Progress progress("bench", frames);
    const auto full = static_cast<size_t>(session.model().config().window_frames /
                                          session.model().config().chunk_frames);
    GemmCeiling product(transformer.products(), transformer.device());
    std::vector<double> gflops, ceilings, shares;  // of some chunks with a full window
    std::vector<double> finalize_ms;
    NullWriter nowhere;
    const auto on_chunk = [&](const generator::Chunk& chunk) {
        const auto& r = chunk.receipt;
        // Before the product, which would share the GPU with the clean pass and hide its time.
        finalize_ms.push_back(session.finalize());
        if (static_cast<size_t>(r.chunk) <= full) {
            gflops.clear(), ceilings.clear(), shares.clear();
        }
        if (r.chunk % kChunksPerProduct == 0 || gflops.empty()) {
            const int64_t tokens = session.memory().tokens_per_frame();
            const double flops =
                session.passes() * transformer.flops(chunk.latents.extent(0) * tokens,
                                                     r.cached_frames * tokens,
                                                     session.prompt().context().rows());
            gflops.push_back(flops / r.diffuse_ms / 1e6);
            ceilings.push_back(product.measure());
            shares.push_back(gflops.back() / ceilings.back());
        }
        progress.advance(std::min(chunk.frames.extent(0), frames - chunk.receipt.first_frame));
        const auto minute =
            static_cast<size_t>(static_cast<double>(session.video_frames()) / f.frame_rate / 60);
        if (minute > f.memory_mib.size()) {
            f.memory_mib.push_back(resident_mib());
        }
    };
    f.report = generator::record_take(session, steer_by_prompt(o.prompt, session), frames, nowhere,
                                      on_chunk, [] { return interrupted(); });
    progress.finish();
    if (f.report.stopped) {
        throw Interrupted{};
    }
    for (size_t i = 0; i < finalize_ms.size(); ++i) {
        f.report.chunks[i].finalize_ms = finalize_ms[i];
    }
    f.memory_mib.push_back(resident_mib());
    f.gpu_mib = gpu_mib(transformer.device());
    f.steady_from = f.report.chunks.size() > full + 2 ? full : 0;
    f.gflops = quantile(std::move(gflops), 0.5);
    f.ceiling = quantile(std::move(ceilings), 0.5);
    f.gemm_share = quantile(std::move(shares), 0.5);
    return f;
}

void print_table(const Figures& f) {
    const auto row = [&](const char* name, double ChunkTimes::*part) {
        fmt::print("{:<10} {:>10.1f} {:>10.1f} {:>10.1f}\n", name, f.mean_of(part),
                   f.quantile_of(part, 0.5), f.quantile_of(part, 0.99));
    };
    fmt::print("ms a chunk       mean     median        p99   ({} chunks, from number {} on)\n",
               f.steady().size(), f.steady_from + 1);
    row("diffuse", &ChunkTimes::diffuse_ms);
    row("decode", &ChunkTimes::decode_ms);
    row("finalize", &ChunkTimes::finalize_ms);
    fmt::print("frames/s   {:>10.2f}   ({:.2f}x real time; diffuse, decode and finalize)\n",
               f.frames_per_second(), f.frames_per_second() / f.frame_rate);
    fmt::print("first frame after {:.2f} s, model loaded\n", f.report.first_frame_seconds);
    fmt::print("transformer {:.1f} GFLOP/s, {:.0f}% of the {:.1f} a plain product reaches here\n",
               f.gflops, 100 * f.gemm_share, f.ceiling);
    if (f.gpu_mib > 0) {
        fmt::print("GPU memory {:.0f} MiB, the CUDA runtime and others' included\n", f.gpu_mib);
    }
    fmt::print("memory {:.0f} MiB (each minute of video, then the end), peak {:.0f} MiB\n",
               fmt::join(f.memory_mib, " "), peak_resident_mib());
}

void append_line(const std::string& path, const nlohmann::json& line) {
    std::ofstream file(path, std::ios::app);
    file << line.dump() << '\n' << std::flush;
    check(file.good(), "{}: the line could not be written", path);
}

std::string command_line() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::ranges::replace(text, '\0', ' ');
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

void append_json(const std::string& path, const Figures& f, DType compute, Device device) {
    const Machine machine = describe_machine();
    const auto part = [&](double ChunkTimes::*p) {
        return nlohmann::json{{"mean", f.mean_of(p)},
                              {"median", f.quantile_of(p, 0.5)},
                              {"p99", f.quantile_of(p, 0.99)}};
    };
    const nlohmann::json line{
        {"command", command_line()},
        {"machine",
         {{"cpu", machine.cpu},
          {"threads", machine.threads},
          {"features", machine.features},
          {"gpu", device == Device::Cuda ? describe_gpu().name : ""}}},
        {"precision", name_of(compute)},
        {"chunks", f.steady().size()},
        {"diffuse_ms", part(&ChunkTimes::diffuse_ms)},
        {"decode_ms", part(&ChunkTimes::decode_ms)},
        {"finalize_ms", part(&ChunkTimes::finalize_ms)},
        {"frames_per_second", f.frames_per_second()},
        {"first_frame_s", f.report.first_frame_seconds},
        {"transformer_gflops", f.gflops},
        {"gemm_gflops", f.ceiling},
        {"gemm_share", f.gemm_share},
        {"memory_mib", f.memory_mib},
        {"peak_memory_mib", peak_resident_mib()},
        {"gpu_memory_mib", f.gpu_mib},
    };
    append_line(path, line);
}

// Several takes at a time: how many viewers a machine serves.
void run_together(const BenchOptions& o, double seconds,
                  const std::shared_ptr<const diffusion::VideoModel>& model) {
    const auto& c = model->config();
    const auto frames = static_cast<double>(c.chunk_frames * diffusion::kLatentFrames);
    const int chunks = std::max(1, static_cast<int>(seconds * c.frame_rate / frames));
    const double lasts = 1e3 * frames / c.frame_rate;
    const ManySessions many{.sessions = o.sessions, .batch = o.batch, .chunks = chunks};
    check_input(o.sessions % o.batch == 0, "--batch {}: it must divide --sessions {}", o.batch,
                o.sessions);
    const auto open = [&](std::shared_ptr<diffusion::TransformerWorkspace> workspace) {
        generator::SessionOptions options = options_of(o, *model);
        options.workspace = std::move(workspace);
        SteeredSession take{std::make_unique<generator::Session>(model, options), {}};
        take.steer = steer_by_prompt(o.prompt, *take.session);
        return take;
    };
    nlohmann::json line{{"command", command_line()},
                        {"gpu", model->device() == Device::Cuda ? describe_gpu().name : ""},
                        {"cpu", describe_machine().cpu},
                        {"precision", name_of(model->transformer().products())},
                        {"sessions", o.sessions},
                        {"batch", o.batch}};
    if (o.workers > 0) {
        const auto report = measure_paced(many, o.workers, model->device(), open);
        const double median = quantile(report.ready_ms, 0.5),
                     most = quantile(report.ready_ms, 0.99);
        fmt::print(
            "{} takes by {} threads: {} of {} chunks late, the longest pause {:.0f} ms; a chunk is "
            "there after {:.0f} ms (median; 99%: {:.0f}), it lasts {:.0f}\n",
            o.sessions, o.workers, report.late, report.ready_ms.size(), report.longest_pause_ms,
            median, most, lasts);
        line.update({{"workers", o.workers},
                     {"chunks", report.ready_ms.size()},
                     {"late", report.late},
                     {"longest_pause_ms", report.longest_pause_ms},
                     {"ready_ms", {{"median", median}, {"p99", most}}}});
    } else {
        const TogetherFigures f = measure_together(many, model->device(), open);
        fmt::print(
            "{} takes at a time: {:.1f} frames/s together, {:.1f} for the slowest; a chunk in "
            "{:.1f} ms (99%), it lasts {:.0f}\n",
            o.sessions, f.frames_per_second, f.slowest, f.chunk_ms, lasts);
        line.update({{"frames_per_second", f.frames_per_second},
                     {"slowest_frames_per_second", f.slowest},
                     {"chunk_p99_ms", f.chunk_ms}});
    }
    if (!o.json.empty()) {
        append_line(o.json, line);
    }
}

std::shared_ptr<const diffusion::VideoModel> random_model(const BenchOptions& o) {
    const Device device = device_of(o.model.device);
    return diffusion::make_random_model(o.size, precision_of(o.model, device), device);
}

void run(const BenchOptions& o) {
    const auto seconds = generator::parse_time(o.seconds);
    check_input(seconds && *seconds > 0 && *seconds <= 24 * 3600,
                "--seconds {}: write a time up to a day, such as 20 or 1m30s", o.seconds);
    check_writable("--json", o.json);
    const auto model = o.size.empty() ? load_model(o.model) : random_model(o);
    const DType compute = model->transformer().products();
    const Device device = model->device();
    if (o.sessions > 1 || o.workers > 0) {
        return run_together(o, *seconds, model);
    }
    generator::Session session(model, options_of(o, *model));
    const Machine machine = describe_machine();
    fmt::print("{}, {} threads, {}; {}; {}; cache {}\n", machine.cpu, machine.threads,
               fmt::join(machine.features, " "),
               device == Device::Cuda ? describe_gpu().name : "no GPU used", name_of(compute),
               o.model.cache);
    const Figures figures = measure(o, *seconds, session);
    print_table(figures);
    if (!o.json.empty()) {
        append_json(o.json, figures, compute, device);
    }
}

}  // namespace

void add_bench(CLI::App& app) {
    auto o = std::make_shared<BenchOptions>();
    auto* command = app.add_subcommand("bench", "Measure how fast a model runs here");
    command->add_option("-s,--seconds", o->seconds, "Length of video to make")
        ->capture_default_str();
    command->add_option("-p,--prompt", o->prompt, "What to show")->capture_default_str();
    add_model_options(*command, o->model);
    command
        ->add_option("--size", o->size,
                     fmt::format("Instead of a model, random weights of the sizes of {}",
                                 fmt::join(diffusion::random_model_names(), " or ")))
        ->excludes("--model");
    command->add_option("--sessions", o->sessions, "Takes to make at the same time, each that long")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command->add_option("--batch", o->batch, "How many of the takes make their passes together")
        ->check(CLI::Range(size_t{1}, diffusion::kMostTakes))
        ->needs("--sessions")
        ->capture_default_str();
    command
        ->add_option("--workers", o->workers,
                     "Make the takes no faster than they are watched, so many at a time, and count "
                     "the chunks that are late")
        ->check(CLI::Range(1, 1024))
        ->needs("--sessions");
    command->add_option("--json", o->json, "File to append the figures to, as one line of JSON");
    command->footer("Example:\n  longtake bench --seconds 20 --cache deep-sink");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
