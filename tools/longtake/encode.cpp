#include "core/error.h"
#include "gaussians/formats/cloud_file.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/encode_moment.h"
#include "tools/longtake/encode_options.h"
#include "tools/longtake/encode_stream.h"
#include "tools/longtake/output_path.h"

#include <filesystem>
#include <memory>

namespace longtake::cli {
namespace {

void run(const EncodeOptions& o) {
    const bool stream = std::filesystem::path(o.output).extension() == ".ltv";
    check_input(stream || gaussians::is_cloud_name(o.output),
                "-o {}: a moment is written as .ply or .spz, a stream as .ltv", o.output);
    check_writable("-o", o.output);
    check_writable("--preview", o.preview);
    stream ? encode_stream(o) : encode_moment(o);
}

}  // namespace

void add_encode(CLI::App& app) {
    auto o = std::make_shared<EncodeOptions>();
    auto* command = app.add_subcommand(
        "encode", "Learn a capture by several cameras as Gaussians: a moment, or a stream of them");
    add_encode_options(*command, *o);
    command->footer(
        "Bytes of a budget are kept in every segment: what its key leaves is for its other "
        "frames.\n"
        "Cameras that are followed write files that can be read meanwhile, such as MKV and TS, or\n"
        "are addresses that FFmpeg reads, each in a file NAME.url.\n"
        "Beside FILE.ply stands FILE.path.json: the way past the cameras, which render takes. "
        "While\n"
        "FILE.ltv.partial grows it can be played; the same command goes on with it after its last\n"
        "whole segment.\n"
        "Examples:\n  longtake encode capture -o scene.ply --test cam00 --preview so_far.png\n"
        "  longtake encode capture -o scene.ltv --test cam00 --preset l\n"
        "  longtake encode capture -o small.ltv --preset auto --budget 2MB/s");
    command->callback([o] {
        within_memory("learning the capture",
                      "give --max fewer Gaussians, end other programs, or choose --device cpu",
                      [&] { run(*o); });
    });
}

}  // namespace longtake::cli
