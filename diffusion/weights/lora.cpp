#include "diffusion/weights/lora.h"

#include "core/error.h"
#include "core/text.h"
#include "diffusion/ops/linear.h"
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

Tensor transposed(const Tensor& matrix) {  // fp32
    const int64_t rows = matrix.extent(0), columns = matrix.extent(1);
    Tensor result({columns, rows}, DType::F32);
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
            result.data<float>()[c * rows + r] = matrix.data<float>()[r * columns + c];
        }
    }
    return result;
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

Tensor Lora::merged(const std::string& target, const Tensor& weight) const {
    const Pair& pair = pairs_.at(target);
    const Tensor down = file_->tensor(pair.down).to(DType::F32);
    const Tensor up = file_->tensor(pair.up).to(DType::F32);
    const bool fits = weight.shape().rank() == 2 && down.shape().rank() == 2 &&
                      up.shape() == Shape{weight.extent(0), down.extent(0)} &&
                      down.extent(1) == weight.extent(1) && down.extent(0) > 0;
    check_input(fits, "{}: the LoRA of {} is {} x {}, which does not fit {}", path().string(),
                one_line(target), up.shape().str(), down.shape().str(), weight.shape().str());
    float scale = 1;
    if (!pair.alpha.empty()) {
        const Tensor alpha = file_->tensor(pair.alpha).to(DType::F32);
        check_input(alpha.count() == 1, "{}: {} is not one number", path().string(),
                    one_line(pair.alpha));
        scale = alpha.data<float>()[0] / static_cast<float>(down.extent(0));
    }
    Tensor result(weight.shape(), DType::F32);
    Workspace workspace;
    Linear(transposed(down), {}, DType::F32)(up, result, workspace);
    const Tensor base = weight.to(DType::F32);
    for (int64_t i = 0; i < result.count(); ++i) {
        result.data<float>()[i] = base.data<float>()[i] + scale * result.data<float>()[i];
    }
    return result;
}

}  // namespace longtake::diffusion
