#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

// Prompts to tokens with a SentencePiece model. Immutable; sessions share it.
class Tokenizer {
  public:
    // `folder` holds spiece.model and, optionally, tokenizer_config.json with model_max_length,
    // which counts up to `limit`.
    static Tokenizer load(const std::filesystem::path& folder, int64_t limit = kDefaultLength);
    explicit Tokenizer(const std::filesystem::path& model, int64_t max_length = kDefaultLength);

    // The cleaned prompt's tokens and the end mark, without padding, at most `max_length`: a longer
    // prompt loses its end. Throws InputError when nothing of the prompt is left after cleaning.
    std::vector<int32_t> encode(std::string_view prompt) const;

    int64_t vocabulary() const;
    int64_t max_length() const { return max_length_; }

    static constexpr int64_t kDefaultLength = 512;

  private:
    struct Model;
    std::shared_ptr<const Model> model_;
    int64_t max_length_;
};

}  // namespace longtake::diffusion
