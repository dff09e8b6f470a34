#include "core/atomic_folder.h"

#include "core/error.h"

#include <unistd.h>

namespace longtake {
namespace fs = std::filesystem;
namespace {

// "name/" is "name".
fs::path without_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

AtomicFolder::AtomicFolder(const fs::path& target) : target_(without_slash(target)) {
    std::error_code error;
    check_input(!fs::exists(target_, error), "{}: exists already; name a new folder",
                target_.string());
    temporary_ = target_;
    temporary_ += fmt::format(".tmp-{}", ::getpid());
    fs::create_directory(temporary_, error);
    check_input(!error, "cannot make {}: {}", target_.string(), error.message());
}

AtomicFolder::~AtomicFolder() {
    if (!temporary_.empty()) {
        std::error_code ignored;
        fs::remove_all(temporary_, ignored);
    }
}

void AtomicFolder::commit() {
    std::error_code error;
    fs::rename(temporary_, target_, error);
    check(!error, "cannot make {}: {}", target_.string(), error.message());
    temporary_.clear();
}

}  // namespace longtake
