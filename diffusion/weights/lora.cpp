#include "diffusion/weights/lora.h"

#include "core/error.h"
#include "core/text.h"
#include "diffusion/weights/checkpoint_kind.h"

#include <array>
#include <string_view>

namespace longtake::diffusion {
namespace {

constexpr std::array<std::string_view, 3> kDown{".lora_A.weight", ".lora_A.default.weight",
                                                ".lora_down.weight"};
constexpr std::array<std::string_view, 3> kUp{".lora_B.weight", ".lora_B.default.weight",
                                              ".lora_up.weight"};
constexpr std::array<std::string_view, 1> kAlpha{".alpha"};

// The name before one of the suffixes, or nothing.
template <size_t N>
std::string_view stem(std::string_view name, const std::array<std::string_view, N>& suffixes) {
    for (const std::string_view suffix : suffixes) {
        if (name.ends_with(suffix)) {
            return name.substr(0, name.size() - suffix.size());
        }
    }
    return {};
}

}  // namespace

std::shared_ptr<const Lora> Lora::open(const std::filesystem::path& path) {
    return std::shared_ptr<const Lora>(new Lora(path));
}

Lora::Lora(const std::filesystem::path& path) : file_(TensorFile::open(path)) {
    const auto pair = [this](std::string_view of) -> Pair& {
        return pairs_[known_name(CheckpointKind::Part::Lora, std::string(of) + ".weight")];
    };
    for (const std::string& name : file_->names()) {
        if (const auto of = stem(name, kDown); !of.empty()) {
            pair(of).down = name;
        } else if (const auto to = stem(name, kUp); !to.empty()) {
            pair(to).up = name;
        } else if (const auto scaled = stem(name, kAlpha); !scaled.empty()) {
            pair(scaled).alpha = name;
        } else {
            fail_input("{}: tensor {} is no part of a LoRA", path.string(), one_line(name));
        }
    }
    for (const auto& [target, p] : pairs_) {
        check_input(!p.down.empty() && !p.up.empty(), "{}: half of the LoRA of {} is missing",
                    path.string(), one_line(target));
    }
}

std::vector<std::string> Lora::targets() const {
    std::vector<std::string> targets;
    for (const auto& [target, pair] : pairs_) {
        targets.push_back(target);
    }
    return targets;
}

}  // namespace longtake::diffusion
