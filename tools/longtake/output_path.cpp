#include "tools/longtake/output_path.h"

#include "core/error.h"
#include "core/file.h"

#include <unistd.h>

#include <filesystem>

namespace longtake::cli {

void check_writable(const std::string& option, const std::string& path) {
    if (path.empty()) {
        return;
    }
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const bool writable = ::access(folder.c_str(), W_OK) == 0;
    check_input(writable, "{} {}: cannot write there: {}", option, path, system_reason());
    check_input(!std::filesystem::is_directory(path), "{} {}: this is a folder", option, path);
}

}  // namespace longtake::cli
