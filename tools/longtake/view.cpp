#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "tools/longtake/assets_folder.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/size_option.h"

#ifdef LONGTAKE_VIEWER
#include "interactive/headless.h"
#include "interactive/live_take.h"
#include "interactive/viewer.h"
#include "interactive/volume/volume_screen.h"
#include "interactive/windowed.h"
#endif

#include <memory>
#include <sstream>

namespace longtake::cli {
namespace {

struct ViewOptions {
    ModelOptions model;
    std::string file;
    bool sample = false;
    std::string prompt, prompts, image, motion_from, script, output, folder = ".";
    std::string size = "1280x760";
    uint64_t seed = 0;
    float scale = 1;
    bool headless = false;
    std::string validate;
};

#ifdef LONGTAKE_VIEWER

namespace live = interactive;

// One prompt a line, those that stand behind the number keys.
std::vector<std::string> read_presets() {
    for (const auto& folder : assets_folders()) {
        const auto path = folder / "prompts" / "presets.txt";
        if (std::filesystem::exists(path)) {
            std::vector<std::string> presets;
            std::istringstream lines(read_text(path));
            for (std::string line; std::getline(lines, line);) {
                if (!line.empty() && line[0] != '#') {
                    presets.push_back(line);
                }
            }
            return presets;
        }
    }
    return {"a red ball rolls right on green grass by day, the camera pans right"};
}

std::vector<generator::PromptChange> prompts_of(const ViewOptions& o,
                                                const std::string& otherwise) {
    const auto timeline =
        !o.prompts.empty()
            ? generator::PromptTimeline::read(o.prompts)
            : generator::PromptTimeline::parse(o.prompt.empty() ? otherwise : o.prompt);
    return {timeline.changes().begin(), timeline.changes().end()};
}

render::Validation validation_of(const std::string& name) {
    return name == "synchronization" ? render::Validation::Synchronization
           : name == "core"          ? render::Validation::Core
                                     : render::Validation::Off;
}

live::ViewerOptions viewer_options(const ViewOptions& o, const diffusion::VideoModel& model) {
    const auto& config = model.config();
    live::ViewerOptions options;
    options.presets = read_presets();
    options.live = {.frame_rate = config.frame_rate,
                    .seed = o.seed,
                    .cache = o.model.cache,
                    .cache_defaults = {.window_frames = config.window_frames,
                                       .chunk_frames = config.chunk_frames},
                    .prompts = prompts_of(o, options.presets.front()),
                    .image = o.image.empty() ? Tensor() : read_image(o.image),
                    .video = o.motion_from};
    generator::make_cache_policy(o.model.cache, options.live.cache_defaults);
    options.width = config.width;
    options.height = config.height;
    options.model = o.model.model.empty()
                        ? live::kBundledModel
                        : std::filesystem::path(o.model.model).filename().string();
    return options;
}

// A live take of the model.
std::unique_ptr<live::Screen> live_screen(const ViewOptions& o,
                                          const std::shared_ptr<const diffusion::VideoModel>& model,
                                          live::ScreenOptions screen, double now) {
    auto options = viewer_options(o, *model);
    const bool on_gpu = screen.draws_gpu_frames;
    options.screen = std::move(screen);
    const auto maker = [&](generator::ControlQueue& controls, live::Recorder& recorder) {
        return std::make_unique<live::LiveTake>(
            live::LiveOptions{.model = model,
                              .model_name = o.model.model,
                              .device = model->device() == Device::Cuda ? "cuda" : "cpu",
                              .precision = std::string(name_of(model->transformer().products())),
                              .steps = o.model.steps,
                              .frames_on_gpu = on_gpu},
            controls, recorder);
    };
    return std::make_unique<live::Viewer>(std::move(options), maker, now);
}

// A model by its address, which the viewer is asked to open like a scene.
bool is_model(const std::string& address) {
    return address == live::kBundledModel ||
           (std::filesystem::is_directory(address) && !live::VolumeSource::suits(address));
}

// Among those that can be chosen, newest last.
void keep_model(std::vector<std::string>& models, const std::string& model) {
    if (!model.empty()) {
        std::erase(models, model);
        models.push_back(model);
    }
}

// The bundled stream; empty where it is not.
std::string sample_stream() {
    for (const auto& folder : assets_folders()) {
        const auto path = folder / "streams" / "toyworld.ltv";
        if (std::filesystem::exists(path)) {
            return path.string();
        }
    }
    return "";
}

void run(const ViewOptions& o) {
    check_input(o.headless == !o.script.empty(), "--headless and --script go together");
    check_input(o.headless || o.output.empty(),
                "-o goes with --headless; in the window, press "
                "Ctrl R to record");
    check_input(std::filesystem::is_directory(o.folder), "--folder {}: there is no such folder",
                o.folder);
    const auto script =
        o.headless ? live::read_ui_script(o.script) : std::vector<live::ScriptStep>();
    const auto [width, height] = parse_size(o.size);
    live::ScreenOptions screen;
    screen.folder = o.folder;
    screen.memory_mib = resident_mib;
    screen.sample = sample_stream();
    check_input(!o.sample || !screen.sample.empty(),
                "--sample: the bundled stream is not here; LONGTAKE_ASSETS says where to look");
    const std::string first = o.sample ? screen.sample : o.file;
    auto model = first.empty() ? load_model(o.model) : nullptr;
    ViewOptions shown = o;  // with the model that is chosen
    const auto maker = [&](const std::string& address, live::ScreenOptions options,
                           double now) -> std::unique_ptr<live::Screen> {
        if (is_model(address)) {
            ModelOptions chosen = o.model;
            chosen.model = address == live::kBundledModel ? "" : address;
            model = load_model(chosen);
            shown.model = chosen;
            keep_model(options.settings.models, chosen.model);
        } else if (!address.empty()) {
            return std::make_unique<live::VolumeScreen>(std::move(options),
                                                        live::VolumeSource::open(address), now);
        }
        model = model ? model : load_model(shown.model);
        return live_screen(shown, model, std::move(options), now);
    };
    if (!o.headless) {
        const auto place = live::Settings::place();
        screen.settings = live::Settings::read(place);
        live::run_in_window(
            first, std::move(screen), maker,
            {.validation = validation_of(o.validate), .settings = place, .stop = interrupted});
        return;
    }
    live::HeadlessOptions headless{.width = width,
                                   .height = height,
                                   .scale = o.scale,
                                   .validation = validation_of(o.validate),
                                   .video = {},
                                   .stop = interrupted};
    if (!o.output.empty()) {
        headless.video = [&](int w, int h) {
            VideoOptions video;
            video.width = w;
            video.height = h;
            video.frame_rate = FrameRate{static_cast<int>(live::HeadlessOptions::kRate), 1};
            return make_frame_writer(o.output, video);
        };
    }
    live::run_headless(first, std::move(screen), maker, script, headless);
}

#else

void run(const ViewOptions&) {
    fail_input("this build has no viewer; {}", std::string_view(LONGTAKE_VIEWER_MISSING).empty()
                                                   ? "configure it with -DLONGTAKE_VIEWER=ON"
                                                   : "install " LONGTAKE_VIEWER_MISSING
                                                     " and build anew");
}

#endif

}  // namespace

void add_view(CLI::App& app) {
    auto o = std::make_shared<ViewOptions>();
    auto* command = app.add_subcommand(
        "view", "Watch a take being made and steer it, or walk around in a scene");
    auto* file = command->add_option(
        "file", o->file,
        "Stream of Gaussians (.ltv, its address or playlist), .ply, .spz or .sog, or a folder of "
        "these, a frame each; none: a live take");
    command->add_flag("--sample", o->sample, "The bundled stream")->excludes(file);
    auto* prompt = command->add_option("-p,--prompt", o->prompt,
                                       "What to show first, or a timeline as `generate` takes it");
    command->add_option("--prompts", o->prompts, "File of prompts, one \"time: text\" per line")
        ->excludes(prompt);
    command->add_option("--seed", o->seed, "Another seed is another video")->capture_default_str();
    command->add_option("--image", o->image, "Picture the take begins with");
    command->add_option("--motion-from", o->motion_from,
                        "Video, or address of a stream or network camera, whose motion the take "
                        "follows while it comes");
    command->add_option("--folder", o->folder, "Where recordings and pictures go")
        ->capture_default_str();
    add_model_options(*command, o->model);
    command->add_flag("--headless", o->headless, "Without a display: follow a script");
    command->add_option("--script", o->script,
                        "What to do, one line each: wait, frames, key, type, click, drag, drop, "
                        "size, shot (see interactive/ui_script.h)");
    command->add_option("-o,--output", o->output, "Video of the whole view, when headless");
    command->add_option("--size", o->size, "Of the picture, when headless")->capture_default_str();
    command->add_option("--scale", o->scale, "Of the user interface, when headless")
        ->check(CLI::Range(0.5F, 4.0F))
        ->capture_default_str();
    command
        ->add_option("--validate", o->validate,
                     "Check every use of Vulkan; a message ends the command with 1")
        ->check(CLI::IsMember({"core", "synchronization"}))
        ->group("Development");
    command->footer(
        "Examples:\n  longtake view --prompt \"a red ball rolls right on green grass\"\n"
        "  longtake view --sample\n"
        "F1 lists the keys.");
    command->callback([o] {
        within_memory("the viewer", "end other programs, or choose --device cpu", [&] { run(*o); });
    });
}

}  // namespace longtake::cli
