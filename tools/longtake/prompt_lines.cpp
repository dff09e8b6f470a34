#include "tools/longtake/prompt_lines.h"

#include "core/error.h"
#include "core/file.h"

#include <sstream>

namespace longtake::cli {

std::vector<std::string> read_prompt_lines(const std::string& path) {
    std::vector<std::string> prompts;
    std::istringstream text(read_text(path));
    for (std::string line; std::getline(text, line);) {
        if (!line.empty() && line.front() != '#') {
            prompts.push_back(std::move(line));
        }
    }
    check_input(!prompts.empty(), "{}: no prompts in it; write one a line", path);
    return prompts;
}

}  // namespace longtake::cli
