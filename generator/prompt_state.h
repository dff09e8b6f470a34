#pragma once

#include "diffusion/models/causal_transformer.h"
#include "diffusion/video_model.h"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::generator {

// What a take is asked to show. Changes are numbered in the order they come and wait for the next
// chunk border; of several that come in between, the last one counts. Every prompt is encoded
// once, when it is first used.
class PromptState {
  public:
    using Picture = std::vector<diffusion::TextContext::Layer>;
    // `picture`: what a model that attends to the picture of its take sees beside every prompt.
    explicit PromptState(std::shared_ptr<const diffusion::VideoModel> model, Picture picture = {});

    // Both return the number of the change. `cut`: the take forgets what was before.
    int64_t set(std::string text, bool cut);
    int64_t set_embeds(Tensor embeds, std::string name);  // [rows, text_dim], encoded elsewhere

    // Takes up what waits; true when there was a cut among it. A prompt that cannot be encoded
    // throws InputError and is dropped: the one in force stays.
    bool take_up();

    const diffusion::TextContext& context() const { return *current_.context; }
    const std::string& text() const { return current_.text; }
    int64_t number() const { return current_.number; }
    size_t identity() const { return current_.identity; }  // the same whenever the prompt is
    bool empty() const { return !current_.context; }

  private:
    using Context = std::shared_ptr<const diffusion::TextContext>;
    struct Prompt {
        std::string text;
        int64_t number = -1;
        size_t identity = 0;
        Context context;  // none yet: to be encoded
    };
    Context encoded(const std::string& text);
    Context prepared(const Tensor& embeds) const;

    std::shared_ptr<const diffusion::VideoModel> model_;
    Picture picture_;
    Prompt current_;
    std::optional<Prompt> waiting_;
    bool cut_waits_ = false;
    int64_t next_number_ = 0;
    std::list<std::pair<std::string, Context>> recent_;  // newest first
};

}  // namespace longtake::generator
