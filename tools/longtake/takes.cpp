#include "core/error.h"
#include "core/many_streams.h"
#include "core/progress.h"
#include "core/safetensors.h"
#include "generator/control/time_text.h"
#include "generator/take.h"
#include "tools/longtake/clip_keeper.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/prompt_lines.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

struct TakesOptions {
    ModelOptions model;
    std::string prompts;
    std::vector<std::string> caches{"deep-forcing"};
    std::string seconds = "10", output = "takes";
    std::vector<int64_t> starts{0};  // frames
    int64_t length = 81;
    int together = 8;
    int batch = 0;  // 0: as the device likes it
};

// One take to make, and where its clips go.
struct Job {
    std::string cache;
    size_t prompt;
    fs::path path;
};

using Prompts = std::vector<generator::PromptTimeline>;

Prompts read_prompts(const std::string& path) {
    Prompts prompts;
    for (const std::string& line : read_prompt_lines(path)) {
        prompts.push_back(generator::PromptTimeline::parse(line));
    }
    return prompts;
}

// Those whose file is not there yet, all prompts of a cache after another.
std::vector<Job> jobs_to_do(const TakesOptions& o, size_t prompts) {
    std::vector<Job> jobs;
    for (const std::string& cache : o.caches) {
        fs::create_directories(fs::path(o.output) / cache);
        for (size_t i = 0; i < prompts; ++i) {
            Job job{cache, i, fs::path(o.output) / cache / fmt::format("{:03d}.safetensors", i)};
            if (!fs::exists(job.path)) {
                jobs.push_back(std::move(job));
            }
        }
    }
    return jobs;
}

struct Take {
    generator::Session session;
    generator::Steer steer;
    ClipKeeper keeper;
};

// Frames that belong to no clip are not decoded.
void make_clips(std::vector<Take>& takes, int64_t frames) {
    while (!interrupted()) {
        std::vector<generator::Session*> sessions;
        std::vector<ClipKeeper*> keepers;
        for (Take& take : takes) {
            if (take.session.video_frames() < frames) {
                take.steer(take.session);
                take.session.skip_to(take.keeper.next(take.session.video_frames()));
                sessions.push_back(&take.session);
                keepers.push_back(&take.keeper);
            }
        }
        if (sessions.empty()) {
            return;
        }
        const auto chunks = generator::Session::step_together(sessions);
        for (size_t i = 0; i < chunks.size(); ++i) {
            keepers[i]->keep(chunks[i].receipt.first_frame, chunks[i].frames);
        }
    }
}

// Some of the jobs, of one cache.
using Batch = std::span<const Job>;

std::vector<Batch> in_batches(std::span<const Job> jobs, size_t most) {
    std::vector<Batch> batches;
    while (!jobs.empty()) {
        const auto other = std::ranges::find_if(
            jobs, [&](const Job& job) { return job.cache != jobs.front().cache; });
        const size_t alike = std::min(most, static_cast<size_t>(other - jobs.begin()));
        batches.push_back(jobs.first(alike));
        jobs = jobs.subspan(alike);
    }
    return batches;
}

// Takes that share a workspace.
std::vector<Take> open_takes(const TakesOptions& o, Batch batch, const Prompts& prompts,
                             const std::shared_ptr<const diffusion::VideoModel>& model,
                             const std::function<ClipKeeper()>& keep) {
    const auto workspace = std::make_shared<diffusion::TransformerWorkspace>(model->device());
    std::vector<Take> takes;
    for (const Job& job : batch) {
        takes.push_back(
            {generator::Session(model, {.cache = job.cache,
                                        .steps = o.model.steps,
                                        .noise = generator::make_seeded_noise(job.prompt),
                                        .workspace = workspace}),
             generator::steer_by(prompts[job.prompt]), keep()});
    }
    return takes;
}

// So many batches at a time keep a GPU busy; a core does not mind whose rows it multiplies.
constexpr int kBusy = 8;

int batch_size(const TakesOptions& o, Device device) {
    const int most = static_cast<int>(diffusion::kMostTakes);
    return o.batch > 0              ? o.batch
           : device == Device::Cuda ? std::clamp(o.together / kBusy, 1, most)
                                    : 1;
}

void run(const TakesOptions& o) {
    const auto seconds = generator::parse_time(o.seconds);
    check_input(seconds && *seconds > 0 && *seconds <= 24 * 3600,
                "--seconds {}: write a time up to a day, such as 20 or 1m30s", o.seconds);
    const auto prompts = read_prompts(o.prompts);
    expect_many_streams();
    const auto model = load_model(o.model);
    const auto& c = model->config();
    const auto frames = static_cast<int64_t>(std::llround(*seconds * c.frame_rate));
    const auto keep = [&] { return ClipKeeper(o.starts, o.length, frames, c.height, c.width); };
    keep();  // complains now
    for (const std::string& cache : o.caches) {
        generator::Session(model, {.cache = cache}).check_length(frames);
    }
    const std::vector<Job> jobs = jobs_to_do(o, prompts.size());
    Progress progress("takes", std::ssize(jobs));
    std::mutex progress_mutex;
    std::atomic<size_t> next = 0;
    const int most = batch_size(o, model->device());
    const std::vector<Batch> batches = in_batches(jobs, static_cast<size_t>(most));
    const int workers =
        std::clamp(static_cast<int>(batches.size()), 1, std::max(1, o.together / most));
    const int threads = std::max(1, omp_get_max_threads() / workers);
    const auto work = [&] {
        omp_set_num_threads(threads);
        for (size_t i = next++; i < batches.size() && !interrupted(); i = next++) {
            std::vector<Take> takes = open_takes(o, batches[i], prompts, model, keep);
            make_clips(takes, frames);
            for (size_t t = 0; t < takes.size() && !interrupted(); ++t) {
                write_safetensors(batches[i][t].path, {{"clips", takes[t].keeper.clips()}});
                const std::lock_guard lock(progress_mutex);
                progress.advance(1, batches[i][t].cache);
            }
        }
    };
    std::vector<std::future<void>> running;
    for (int i = 0; i < workers; ++i) {
        running.push_back(std::async(std::launch::async, work));
    }
    for (auto& worker : running) {
        worker.get();
    }
    progress.finish();
    if (interrupted()) {
        throw Interrupted{};
    }
}

}  // namespace

void add_takes(CLI::App& app) {
    auto o = std::make_shared<TakesOptions>();
    auto* command = app.add_subcommand(
        "takes", "Make many takes at a time and keep clips of them for a judge (see tools/study)");
    command->add_option("--prompts", o->prompts, "File of prompts, one take a line")->required();
    command
        ->add_option("--caches", o->caches,
                     "What the model remembers: every prompt is shown under each of them")
        ->capture_default_str();
    command->add_option("-s,--seconds", o->seconds, "Length of each take")->capture_default_str();
    command->add_option("--starts", o->starts, "Frames that clips to keep of each take begin at")
        ->delimiter(',')
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--length", o->length, "Frames of a clip")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    command->add_option("--together", o->together, "Takes to make at the same time")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command
        ->add_option("--batch", o->batch,
                     "How many of these, of one cache, make their passes together (default: 1 on "
                     "a CPU, an eighth of all on a GPU)")
        ->check(CLI::Range(size_t{1}, diffusion::kMostTakes));
    command
        ->add_option("-o,--output", o->output,
                     "Folder: a file CACHE/000.safetensors for each prompt; those that are there "
                     "are not made again")
        ->capture_default_str();
    add_device_options(*command, o->model);
    command
        ->add_option("--steps", o->model.steps,
                     "Denoising steps, falling, such as 1000,500 (default: the model's)")
        ->delimiter(',');
    command->footer(
        "Example:\n  echo \"a red ball rolls right on green grass\" > prompts.txt\n"
        "  longtake takes --prompts prompts.txt --caches window deep-forcing --seconds 12");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
