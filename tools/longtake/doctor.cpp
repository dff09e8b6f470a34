#include "core/error.h"
#include "core/video_codecs.h"
#include "diffusion/ops/linear.h"
#include "tools/longtake/assets_folder.h"
#include "tools/longtake/bug_report.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/machine.h"
#include "tools/longtake/model_options.h"

#include <dnnl.h>
#include <fmt/ranges.h>

extern "C" {
#include <libavutil/avutil.h>
}

#include <filesystem>
#include <memory>
#include <string>

namespace longtake::cli {
namespace {

enum class State { Good, Absent, Bad };

// One line per thing looked at; Bad keeps us from working.
class Findings {
  public:
    void say(State state, const std::string& what) {
        const char* mark = state == State::Good ? "ok" : state == State::Absent ? "--" : "!!";
        const std::string line = fmt::format("{}  {}\n", mark, what);
        fmt::print("{}", line);
        text_ += line;
        bad_ += state == State::Bad;
    }
    int bad() const { return bad_; }
    const std::string& text() const { return text_; }

  private:
    int bad_ = 0;
    std::string text_;
};

void look_at_machine(Findings& out) {
    const Machine machine = describe_machine();
    out.say(State::Good, fmt::format("CPU: {}, {} threads, {}", machine.cpu, machine.threads,
                                     fmt::join(machine.features, " ")));
    out.say(State::Good,
            fmt::format("memory: {:.1f} GiB; numbers: {} by default", machine.memory_gib,
                        name_of(diffusion::preferred_compute_type())));
    const dnnl_version_t* dnnl = dnnl_version();
    out.say(State::Good, fmt::format("oneDNN {}.{}.{}, FFmpeg {}", dnnl->major, dnnl->minor,
                                     dnnl->patch, av_version_info()));
}

void look_at_encoders(Findings& out) {
    bool any = false;
    for (const char* codec : {"h264", "h265", "av1", "vp9", "ffv1"}) {
        try {
            const auto recipe = av::find_encoder(codec, 1);
            out.say(State::Good, fmt::format("encoder {}: {}", codec, recipe.encoder->name));
            any = true;
        } catch (const InputError& e) {
            out.say(State::Absent, fmt::format("encoder {}: {}", codec, e.what()));
        }
    }
    if (!any) {
        out.say(State::Bad, "no video encoder: install an FFmpeg with libx264, or write PNGs");
    }
}

void look_at_model(Findings& out) {
    try {
        const auto folder = find_model("");
        diffusion::VideoModel::load(folder, diffusion::preferred_compute_type());
        out.say(State::Good, fmt::format("bundled model: {}, whole", folder.string()));
    } catch (const Error& e) {
        out.say(State::Bad, fmt::format("bundled model: {}", e.what()));
    }
}

void look_at_gpu(Findings& out) {
    const GpuInfo gpu = describe_gpu();
    if (!gpu.problem.empty()) {
        const bool present = std::filesystem::exists("/dev/nvidiactl");
        out.say(State::Absent,
                fmt::format("GPU: {}{}", present ? "there is one, but " : "", gpu.problem));
        return;
    }
    const MemoryInfo memory = memory_of(Device::Cuda);
    const auto gib = [](size_t bytes) { return static_cast<double>(bytes) / (1 << 30); };
    out.say(State::Good,
            fmt::format("GPU: {}, compute capability {}, {:.1f} of {:.1f} GiB free; numbers: {} by "
                        "default",
                        gpu.name, gpu.compute_capability, gib(memory.free), gib(memory.total),
                        name_of(diffusion::preferred_compute_type(Device::Cuda))));
    out.say(State::Good, fmt::format("CUDA {}, a driver for {}", gpu.runtime, gpu.driver));
}

void run(const std::string& bundle) {
    Findings findings;
    look_at_machine(findings);
    look_at_gpu(findings);
    look_at_encoders(findings);
    look_at_model(findings);
    if (!bundle.empty()) {
        write_bug_report(bundle, findings.text());
    }
    if (findings.bad() > 0) {
        fail("{} of the above must be mended before `longtake generate` works", findings.bad());
    }
}

}  // namespace

void add_doctor(CLI::App& app) {
    auto* command =
        app.add_subcommand("doctor", "Say what this machine can do and what is missing");
    const auto bundle = std::make_shared<std::string>();
    command->add_option("--bundle", *bundle,
                        "Write a text file for a bug report, with nothing private in it");
    command->footer("Example:\n  longtake doctor --bundle report.txt");
    command->callback([bundle] { run(*bundle); });
}

}  // namespace longtake::cli
