#include "tools/longtake/convert_stream.h"

#include "core/error.h"
#include "core/progress.h"
#include "gaussians/codec/cloud_sequence.h"
#include "gaussians/codec/stream_copy.h"
#include "gaussians/codec/stream_reader.h"
#include "gaussians/formats/cloud_file.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/output_path.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

bool has_pattern(const std::string& name) {
    return name.find_first_of("*?[") != std::string::npos;
}

// Where a pattern's files are, and what their names match.
std::pair<fs::path, std::string> folder_and_pattern(const std::string& input) {
    if (!has_pattern(input)) {
        return {input, "*"};
    }
    const fs::path path(input);
    return {path.has_parent_path() ? path.parent_path() : ".", path.filename().string()};
}

std::vector<fs::path> clouds_of(const std::string& input) {
    const auto [folder, pattern] = folder_and_pattern(input);
    std::vector<fs::path> files;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(folder, absent)) {
        if (gaussians::is_cloud_name(entry.path()) && entry.is_regular_file() &&
            ::fnmatch(pattern.c_str(), entry.path().filename().c_str(), 0) == 0) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

void convert_stream(const std::string& input, const std::string& output,
                    std::optional<int64_t> frame) {
    if (!frame) {
        check_input(fs::path(output).extension().empty(),
                    "-o {}: name a --frame to take out of the stream, or a new folder for all its "
                    "pieces",
                    output);
        gaussians::split_stream(input, output);
        return;
    }
    check_input(gaussians::is_cloud_name(output), "-o {}: Gaussians are written as .ply or .spz",
                output);
    check_writable("-o", output);
    gaussians::StreamReader reader(input);
    reader.seek(*frame);
    check_input(reader.next(), "{}: there is no frame {}", input, *frame);
    gaussians::write_cloud(output, gaussians::to_cloud(reader.state()));
}

bool is_cloud_sequence(const std::string& input) {
    return has_pattern(input) || (fs::is_directory(input) && !gaussians::is_cloud_file(input) &&
                                  !clouds_of(input).empty());
}

void convert_sequence(const std::string& input, const std::string& output,
                      const SequenceOptions& options) {
    const std::vector<fs::path> files = clouds_of(input);
    check_input(!files.empty(), "{}: there are no .ply or .spz of that name", input);
    check_input(fs::path(output).extension() == ".ltv", "-o {}: a stream is written as .ltv",
                output);
    check_writable("-o", output);
    gaussians::CloudSequenceWriter writer(output, FrameRate::parse(options.frame_rate),
                                          options.period);
    Progress progress("convert", std::ssize(files));
    for (const fs::path& file : files) {
        const gaussians::Cloud cloud = gaussians::read_cloud(file);
        try {
            writer.add(cloud);
        } catch (const InputError& e) {
            fail_input("{}: {}", file.string(), e.what());
        }
        progress.advance(1);
        if (interrupted()) {
            throw Interrupted{};
        }
    }
    writer.finish();
}

}  // namespace longtake::cli
