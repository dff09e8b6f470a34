#include "core/error.h"
#include "core/progress.h"
#include "diffusion/model_writer.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/formats/cloud_file.h"
#include "generator/tracks/track_file.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/convert_stream.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/track_info.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;
using diffusion::ModelFolder;
using Part = diffusion::CheckpointKind::Part;

struct ConvertOptions {
    std::string input, output, dtype;
    std::optional<int64_t> frame;  // of a stream
    SequenceOptions sequence;
    TrackAssumptions tracks;
};

const std::map<std::string, DType> kTypes{
    {"fp32", DType::F32}, {"bf16", DType::BF16}, {"fp16", DType::F16}, {"fp8", DType::F8E4M3}};

// The only checkpoint there.
ModelFolder::Part only_part(const ModelFolder& from) {
    if (!from.problems.empty()) {
        throw InputError(from.problems.front());
    }
    const auto parts = from.parts();
    const std::string path = from.path.string();
    check_input(!parts.empty(), "{}: not a checkpoint of a model that Longtake knows", path);
    check_input(parts.size() == 1,
                "{}: holds {} checkpoints; name one of them, or a folder as -o for the whole model",
                path, parts.size());
    check_input(parts[0].kind.part != Part::Lora,
                "{}: is a LoRA; put it into one folder with its base and convert that", path);
    return parts[0];
}

int64_t bytes_of(const std::vector<ModelFolder::Part>& parts) {
    int64_t bytes = 0;
    for (const auto& part : parts) {
        bytes += part.open().bytes();
    }
    return bytes;
}

int64_t mebibytes(int64_t bytes) {  // rounded up
    return (bytes + (1 << 20) - 1) >> 20;
}

void convert_cloud(const ConvertOptions& o) {
    check_input(o.dtype.empty(), "--dtype is for checkpoints; {} holds Gaussians", o.input);
    check_input(gaussians::is_cloud_name(o.output), "-o {}: Gaussians are written as .ply or .spz",
                o.output);
    check_writable("-o", o.output);
    gaussians::write_cloud(o.output, gaussians::read_cloud(o.input));
}

void convert_checkpoint(const ConvertOptions& o) {
    const bool single = fs::path(o.output).extension() == ".safetensors";
    const ModelFolder from = ModelFolder::find(o.input);
    std::vector<ModelFolder::Part> parts;
    if (single) {
        check_writable("-o", o.output);
        parts = {only_part(from)};
    } else {
        from.check_usable();
        parts = from.parts();
        parts.resize(parts.size() - from.unused.size());
    }
    const int64_t total = bytes_of(parts);
    int64_t bytes = 0;
    std::optional<Progress> progress;  // drawn once there is some
    diffusion::CheckpointFormat format;
    if (!o.dtype.empty()) {
        format.dtype = kTypes.at(o.dtype);
    }
    format.progress = [&](int64_t read) {
        if (!progress) {
            progress.emplace("convert", mebibytes(total), Progress::Options{.unit = "MiB"});
        }
        const int64_t before = mebibytes(bytes);
        bytes += read;
        progress->advance(mebibytes(bytes) - before);
        if (interrupted()) {
            throw Interrupted();
        }
    };
    if (single) {
        diffusion::write_checkpoint(parts[0].open(), o.output, format);
    } else {
        diffusion::write_model(from, o.output, format);
    }
}

void run(const ConvertOptions& o) {
    if (gaussians::is_stream(o.input)) {
        convert_stream(o.input, o.output, o.frame);
    } else if (is_cloud_sequence(o.input)) {
        convert_sequence(o.input, o.output, o.sequence);
    } else if (fs::exists(o.input) && gaussians::is_cloud_file(o.input)) {
        convert_cloud(o);
    } else if (fs::is_regular_file(o.input) && generator::is_track_file(o.input) &&
               generator::is_track_name(o.output)) {
        convert_tracks(o.input, o.output, o.tracks);
    } else {
        convert_checkpoint(o);
    }
}

}  // namespace

void add_convert(CLI::App& app) {
    auto options = std::make_shared<ConvertOptions>();
    auto* command = app.add_subcommand(
        "convert",
        "Turn checkpoints of any known layout into safetensors with diffusers' names, and "
        "files and streams of Gaussians and files of tracks into each other");
    command
        ->add_option("IN", options->input,
                     "Checkpoint (.pt, .pth, .safetensors), model folder, file of Gaussians (PLY, "
                     "SPZ, SOG), stream of them, the clouds of a stream (a folder or "
                     "'frames/*.ply'), or tracks (.npz, .npy, .pth, .json, .txt)")
        ->required();
    command
        ->add_option("-o,--output", options->output,
                     "FILE.safetensors for one checkpoint, a new folder for the whole model or for "
                     "the pieces "
                     "of a stream, FILE.ply or FILE.spz for Gaussians, FILE.ltv for a stream, "
                     "FILE.npz, .npy, .pth, .json, .drag.json or .txt for tracks")
        ->required();
    command->add_option("--frame", options->frame, "To take out of a stream")
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--size", options->tracks.size,
                     "Of the picture that tracks are of, if they do not say")
        ->capture_default_str();
    command->add_option("--fps", options->sequence.frame_rate, "Clouds a second of a stream")
        ->capture_default_str();
    command
        ->add_option("--key-every", options->sequence.period,
                     "Clouds from a key, where a player can begin, to the next")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command
        ->add_option("--dtype", options->dtype,
                     "bf16, fp16, fp32 or fp8 (the blocks' matrices as e4m3 with a scale per row, "
                     "the rest bf16); default: as it is")
        ->check(CLI::IsMember({"bf16", "fp16", "fp32", "fp8"}));
    command->footer(
        "A LoRA in the folder is merged. Example:\n"
        "  longtake convert self_forcing_dmd.pt -o transformer.safetensors --dtype bf16\n"
        "  longtake convert scene.ply -o scene.spz\n"
        "  longtake convert scene.ltv --frame 30 -o frame.ply\n"
        "  longtake convert 'frames/*.ply' -o scene.ltv --fps 25\n"
        "  longtake convert tracks.npz -o ati.pth");
    command->callback([options] { run(*options); });
}

}  // namespace longtake::cli
