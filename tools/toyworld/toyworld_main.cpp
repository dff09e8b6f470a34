// toyworld: clips of the toy world as PNG contact sheets, frames, poses and captions.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "core/image.h"
#include "tools/toyworld/options.h"
#include "tools/toyworld/toyworld.h"

namespace longtake::toyworld {
namespace {

std::string caption_of(const ltw_script& script, int segment, uint64_t variant) {
    char text[1024] = "";
    ltw_caption(&script, segment, variant, text, sizeof text);
    return text;
}

ltw_script script_of(const Options& options, uint64_t seed) {
    ltw_script script = options.script;
    if (script.segment_count == 0) {
        ltw_describe(seed, options.frames, &script);
    }
    return script;
}

// One row per seed, one column per moment.
void write_sheet(const Options& o) {
    const size_t row_bytes = 3 * static_cast<size_t>(o.width);
    const size_t frame_bytes = row_bytes * static_cast<size_t>(o.height);
    Tensor sheet({o.height * static_cast<int64_t>(o.seeds.size()), o.width * o.columns, 3},
                 DType::U8);
    std::vector<uint8_t> clip(frame_bytes * static_cast<size_t>(o.frames));
    for (size_t row = 0; row < o.seeds.size(); ++row) {
        const uint64_t seed = o.seeds[row];
        const ltw_script script = script_of(o, seed);
        if (ltw_render_scripts_cpu(&script, &seed, 1, o.width, o.height, o.frames, o.fps, o.samples,
                                   clip.data(), nullptr, nullptr) != 0) {
            throw std::runtime_error("cannot render this script");
        }
        std::cout << seed << ": " << caption_of(script, 0, o.variant);
        if (script.segment_count == 2) {
            std::cout << "  |" << script.switch_frame << "|  " << caption_of(script, 1, o.variant);
        }
        std::cout << '\n';
        for (int column = 0; column < o.columns; ++column) {
            const int t = o.columns > 1 ? column * (o.frames - 1) / (o.columns - 1) : 0;
            for (int y = 0; y < o.height; ++y) {
                const size_t line = row * static_cast<size_t>(o.height) + static_cast<size_t>(y);
                const size_t cell =
                    line * static_cast<size_t>(o.columns) + static_cast<size_t>(column);
                std::memcpy(sheet.data<uint8_t>() + cell * row_bytes,
                            &clip[static_cast<size_t>(t) * frame_bytes +
                                  static_cast<size_t>(y) * row_bytes],
                            row_bytes);
            }
        }
    }
    write_png(o.sheet, sheet);
}

void write_numbers(std::ostream& out, const float* values, int count) {
    for (int i = 0; i < count; ++i) {
        out << (i == 0 ? "[" : ", ") << values[i];
    }
    out << ']';
}

// DIR/view_VV/frame_TTTT.png and DIR/clip.json for the first seed.
void write_clip(const Options& o) {
    const uint64_t seed = o.seeds.front();
    const ltw_script script = script_of(o, seed);
    const int views = o.rig.view_count;
    const size_t frame_bytes = 3 * static_cast<size_t>(o.width) * static_cast<size_t>(o.height);
    const size_t count = static_cast<size_t>(views) * static_cast<size_t>(o.frames);
    std::vector<uint8_t> rgb(frame_bytes * count);
    std::vector<float> poses(16 * count), lenses(4 * static_cast<size_t>(views));
    if (ltw_render_views_cpu(&script, seed, &o.rig, o.width, o.height, o.frames, o.fps, o.samples,
                             rgb.data(), nullptr, nullptr, poses.data(), lenses.data()) != 0) {
        throw std::runtime_error("cannot render this script");
    }
    for (size_t k = 0; k < count; ++k) {
        char name[64];
        const size_t frames = static_cast<size_t>(o.frames);
        std::snprintf(name, sizeof name, "/view_%02zu", k / frames);
        std::filesystem::create_directories(o.out + name);
        const std::string folder = o.out + name;
        std::snprintf(name, sizeof name, "/frame_%04zu.png", k % frames);
        write_png(folder + name,
                  Tensor::view(&rgb[k * frame_bytes], {o.height, o.width, 3}, DType::U8));
    }
    std::ofstream json(o.out + "/clip.json");
    json << "{\n  \"seed\": " << seed << ", \"fps\": " << o.fps << ", \"width\": " << o.width
         << ", \"height\": " << o.height << ", \"frames\": " << o.frames << ",\n  \"captions\": [";
    for (int k = 0; k < script.segment_count; ++k) {
        json << (k == 0 ? "" : ", ") << "{\"from_frame\": " << (k == 0 ? 0 : script.switch_frame)
             << ", \"text\": \"" << caption_of(script, k, o.variant) << "\"}";
    }
    json << "],\n  \"views\": [\n";
    for (int v = 0; v < views; ++v) {
        json << "    {\"intrinsics\": ";
        write_numbers(json, &lenses[4 * static_cast<size_t>(v)], 4);
        json << ", \"world_to_camera\": [";
        for (int t = 0; t < o.frames; ++t) {
            json << (t == 0 ? "\n" : ",\n") << "      ";
            write_numbers(json, &poses[16 * static_cast<size_t>(v * o.frames + t)], 16);
        }
        json << "]}" << (v + 1 < views ? ",\n" : "\n");
    }
    json << "  ]\n}\n";
    if (!json.flush()) {
        throw std::runtime_error("cannot write " + o.out + "/clip.json");
    }
}

}  // namespace
}  // namespace longtake::toyworld

int main(int argc, char** argv) {
    using namespace longtake::toyworld;
    try {
        const Options options = parse_options({argv + 1, argv + argc});
        if (options.help) {
            std::cout << kUsage;
            return 0;
        }
        for (int i = 0; i < options.captions; ++i) {
            ltw_script script{};
            const uint64_t seed = options.seeds.front() + static_cast<uint64_t>(i);
            ltw_describe(seed, options.frames, &script);
            std::cout << caption_of(script, 0, seed) << '\n';
        }
        if (!options.sheet.empty()) {
            write_sheet(options);
        }
        if (!options.out.empty()) {
            write_clip(options);
        }
        return 0;
    } catch (const BadOption& e) {
        std::cerr << "toyworld: " << e.what() << "; see toyworld --help\n";
        return 2;
    } catch (const std::exception& e) {
        std::cerr << "toyworld: " << e.what() << '\n';
        return 1;
    }
}
