#include "generator/prompt_state.h"

#include "core/error.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace longtake::generator {
namespace {

constexpr size_t kRemembered = 8;  // prompts whose encoding is kept

}  // namespace

PromptState::PromptState(std::shared_ptr<const diffusion::VideoModel> model, Picture picture)
    : model_(std::move(model)), picture_(std::move(picture)) {}

int64_t PromptState::set(std::string text, bool cut) {
    const size_t identity = std::hash<std::string>()(text);
    waiting_ = Prompt{std::move(text), next_number_++, identity, nullptr};
    cut_waits_ |= cut;
    return waiting_->number;
}

int64_t PromptState::set_embeds(Tensor embeds, std::string name) {
    const std::string_view bytes(static_cast<const char*>(embeds.raw()), embeds.bytes());
    waiting_ = Prompt{std::move(name), next_number_++, std::hash<std::string_view>()(bytes),
                      prepared(embeds)};
    return waiting_->number;
}

bool PromptState::take_up() {
    const bool cut = std::exchange(cut_waits_, false);
    if (std::optional<Prompt> next = std::exchange(waiting_, std::nullopt)) {
        if (!next->context) {
            next->context = encoded(next->text);
        }
        current_ = std::move(*next);
    }
    return cut;
}

PromptState::Context PromptState::prepared(const Tensor& embeds) const {
    auto context =
        std::make_shared<diffusion::TextContext>(model_->transformer().prepare_text(embeds));
    context->picture = picture_;
    return context;
}

PromptState::Context PromptState::encoded(const std::string& text) {
    const auto found = std::ranges::find(recent_, text, &std::pair<std::string, Context>::first);
    if (found != recent_.end()) {
        recent_.splice(recent_.begin(), recent_, found);
    } else {
        recent_.emplace_front(text, prepared(model_->encode(text)));
        recent_.resize(std::min(recent_.size(), kRemembered));
    }
    return recent_.front().second;
}

}  // namespace longtake::generator
