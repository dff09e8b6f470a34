#include "diffusion/models/tokenizer.h"

#include "core/error.h"
#include "core/file.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/text_cleaning.h"

#include <sentencepiece_processor.h>

#include <algorithm>

namespace longtake::diffusion {

struct Tokenizer::Model {
    sentencepiece::SentencePieceProcessor processor;
};

Tokenizer Tokenizer::load(const std::filesystem::path& folder, int64_t limit) {
    const std::filesystem::path config = folder / "tokenizer_config.json";
    auto length = static_cast<double>(limit);  // transformers writes 1e30 for "none"
    if (std::filesystem::exists(config)) {
        ConfigReader(config).read("model_max_length", length);
    }
    return Tokenizer(folder / "spiece.model",
                     static_cast<int64_t>(std::min(length, static_cast<double>(limit))));
}

Tokenizer::Tokenizer(const std::filesystem::path& path, int64_t max_length)
    : max_length_(max_length) {
    check_input(max_length >= 2, "{}: model_max_length {} leaves no room for a prompt",
                path.parent_path().string(), max_length);
    const auto file = MappedFile::open(path);
    const auto model = std::make_shared<Model>();
    const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                                 file->bytes().size());
    const auto status = model->processor.LoadFromSerializedProto(bytes);
    check_input(status.ok(), "{}: not a SentencePiece model", path.string());
    check_input(model->processor.eos_id() >= 0, "{}: has no end mark (eos)", path.string());
    model_ = model;
}

std::vector<int32_t> Tokenizer::encode(std::string_view prompt) const {
    const std::string text = clean_prompt(prompt);
    check_input(!text.empty(), "prompt is empty");
    std::vector<int> tokens;
    const auto status = model_->processor.Encode(text, &tokens);
    check(status.ok(), "SentencePiece: {}", status.ToString());
    tokens.resize(std::min(tokens.size(), static_cast<size_t>(max_length_ - 1)));
    tokens.push_back(model_->processor.eos_id());
    return {tokens.begin(), tokens.end()};
}

int64_t Tokenizer::vocabulary() const {
    return model_->processor.GetPieceSize();
}

}  // namespace longtake::diffusion
