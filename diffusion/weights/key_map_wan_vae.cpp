#include "diffusion/weights/key_map.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace longtake::diffusion {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// Names of both directions, behind "encoder." or "decoder.", from their start.
constexpr std::array<Entry, 6> kHalf{{
    {"conv1.", "conv_in."},
    {"middle.0.", "mid_block.resnets.0."},
    {"middle.1.", "mid_block.attentions.0."},
    {"middle.2.", "mid_block.resnets.1."},
    {"head.0.", "norm_out."},
    {"head.2.", "conv_out."},
}};
// Names inside a residual block.
constexpr std::array<Entry, 5> kResidual{{
    {"residual.0.", "norm1."},
    {"residual.2.", "conv1."},
    {"residual.3.", "norm2."},
    {"residual.6.", "conv2."},
    {"shortcut.", "conv_shortcut."},
}};

constexpr int kUpBlock = 4;  // modules of the decoder's flat list: three residual blocks and one up

template <size_t N>
std::string replace_start(std::string_view name, const std::array<Entry, N>& table) {
    for (const auto& [original, diffusers] : table) {
        if (name.starts_with(original)) {
            return std::string(diffusers).append(name.substr(original.size()));
        }
    }
    return std::string(name);
}

// "<list>.7.rest" -> 7, and `name` becomes "rest"; -1 where it is not so.
int take_index(std::string_view& name, std::string_view list) {
    int index = -1;
    if (name.starts_with(list)) {
        const char* end = name.data() + name.size();
        const auto [stop, error] = std::from_chars(name.data() + list.size(), end, index);
        if (error != std::errc() || stop == end || *stop != '.') {
            return -1;
        }
        name = std::string_view(stop + 1, static_cast<size_t>(end - stop - 1));
    }
    return index;
}

std::string half_from_original(std::string_view name) {
    if (const int up = take_index(name, "upsamples."); up >= 0) {
        const int block = up / kUpBlock, within = up % kUpBlock;
        return within == kUpBlock - 1 ? fmt::format("up_blocks.{}.upsamplers.0.{}", block, name)
                                      : fmt::format("up_blocks.{}.resnets.{}.{}", block, within,
                                                    replace_start(name, kResidual));
    }
    if (const int down = take_index(name, "downsamples."); down >= 0) {
        return fmt::format("down_blocks.{}.{}", down, replace_start(name, kResidual));
    }
    const std::string renamed = replace_start(name, kHalf);
    constexpr std::string_view kMiddle = "mid_block.resnets.0.";
    if (renamed.starts_with("mid_block.resnets.")) {
        return renamed.substr(0, kMiddle.size()) +
               replace_start(std::string_view(renamed).substr(kMiddle.size()), kResidual);
    }
    return renamed;
}

}  // namespace

std::string wan_vae_from_original(std::string_view name) {
    for (const std::string_view half : {"encoder.", "decoder."}) {
        if (name.starts_with(half)) {
            return std::string(half) + half_from_original(name.substr(half.size()));
        }
    }
    constexpr std::array<Entry, 2> kTop{
        {{"conv1.", "quant_conv."}, {"conv2.", "post_quant_conv."}}};
    return replace_start(name, kTop);
}

}  // namespace longtake::diffusion
