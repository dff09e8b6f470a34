#include "tests/fuzz/fuzz.h"

#include "core/log.h"
#include "tests/core/temporary_folder.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

namespace longtake::fuzz {

const std::filesystem::path& folder() {
    static const TemporaryFolder folder;
    return folder.path();
}

std::filesystem::path write(const std::string& name, Bytes bytes) {
    const auto path = folder() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text(bytes);
    return path;
}

std::vector<Bytes> parts(Bytes bytes, size_t count) {
    constexpr std::string_view kNext = "\n--next--\n";
    std::vector<Bytes> found;
    while (found.size() + 1 < count) {
        const size_t at = std::min(text(bytes).find(kNext), bytes.size());
        found.push_back(bytes.first(at));
        bytes = bytes.subspan(std::min(at + kNext.size(), bytes.size()));
    }
    found.push_back(bytes);
    return found;
}

std::string_view text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace longtake::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    spdlog::set_level(spdlog::level::off);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    namespace fuzz = longtake::fuzz;
    fuzz::attempt([&] { fuzz::read(std::as_bytes(std::span(data, size))); });
    return 0;
}
