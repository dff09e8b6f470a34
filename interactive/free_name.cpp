#include "interactive/free_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace longtake::interactive {

std::string free_name(const std::filesystem::path& folder) {
    constexpr std::string_view kStem = "longtake-";
    int highest = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        int number = 0;
        if (name.starts_with(kStem)) {
            std::from_chars(name.data() + kStem.size(), name.data() + name.size(), number);
            highest = std::max(highest, number);
        }
    }
    return fmt::format("{}{:03}", kStem, highest + 1);
}

}  // namespace longtake::interactive
