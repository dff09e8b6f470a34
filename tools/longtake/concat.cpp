#include "core/error.h"
#include "gaussians/codec/stream_copy.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/output_path.h"

#include <memory>
#include <string>
#include <vector>

namespace longtake::cli {
namespace {

struct ConcatOptions {
    std::vector<std::string> inputs;
    std::string output;
};

void run(const ConcatOptions& o) {
    check_input(o.output.ends_with(".ltv"), "-o {}: a stream is written as .ltv", o.output);
    check_writable("-o", o.output);
    gaussians::concat_streams(o.inputs, o.output);
}

}  // namespace

void add_concat(CLI::App& app) {
    auto options = std::make_shared<ConcatOptions>();
    auto* command = app.add_subcommand(
        "concat", "Put streams of Gaussians of the same settings one behind the other");
    command->add_option("IN", options->inputs, "Streams, in their order")->required();
    command->add_option("-o,--output", options->output, "FILE.ltv")->required();
    command->footer(
        "Frames are copied, not coded again. Example:\n  longtake concat a.ltv b.ltv -o all.ltv");
    command->callback([options] { run(*options); });
}

}  // namespace longtake::cli
