#include "diffusion/models/text_cleaning.h"
#include "generator/control/prompt_timeline.h"
#include "tests/fuzz/fuzz.h"

// A prompt, and a file of them.
void longtake::fuzz::read(Bytes bytes) {
    const std::string clean = diffusion::clean_prompt(text(bytes));
    check(diffusion::clean_prompt(clean).size() <= 4 * bytes.size() + 4, "a prompt that grows");
    attempt([&] { generator::PromptTimeline::parse(text(bytes)); });
    const auto timeline = generator::PromptTimeline::read(write("prompts.txt", bytes));
    for (const double seconds : {0., 1.5, 1e9}) {
        check(timeline.at(seconds) < timeline.changes().size(), "no prompt then");
    }
}
