#include "tools/longtake/size_option.h"

#include "core/error.h"

#include <sstream>

namespace longtake::cli {

std::pair<int, int> parse_size(const std::string& text) {
    int width = 0, height = 0;
    char x = 0;
    std::istringstream in(text);
    in >> width >> x >> height;
    check_input(!in.fail() && in.eof() && x == 'x' && width >= 64 && width <= 8192 &&
                    height >= 64 && height <= 8192,
                "--size {}: not a size; write for example 1280x720", text);
    return {width, height};
}

}  // namespace longtake::cli
