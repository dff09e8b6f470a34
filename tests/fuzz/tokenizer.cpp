#include "diffusion/models/tokenizer.h"

#include "tests/fuzz/fuzz.h"

void longtake::fuzz::read(Bytes bytes) {
    const auto files = parts(bytes, 2);
    write("tokenizer_config.json", files[0].empty() ? std::as_bytes(std::span("{}", 2)) : files[0]);
    write("spiece.model", files[1]);
    const auto tokenizer = diffusion::Tokenizer::load(folder());
    for (const int32_t token : tokenizer.encode("a red ball rolls left on green grass")) {
        check(token >= 0 && token < tokenizer.vocabulary(), "token {}", token);
    }
}
