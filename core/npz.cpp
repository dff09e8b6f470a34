#include "core/compression.h"
#include "core/error.h"
#include "core/file.h"
#include "core/npy.h"
#include "core/text.h"
#include "core/zip_directory.h"
#include "core/zip_writer.h"

namespace longtake {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr uint64_t kLongest = uint64_t{1} << 27;  // bytes of an array, unpacked

}  // namespace

std::map<std::string, NpyArray> parse_npz(std::span<const std::byte> bytes) {
    const ZipDirectory zip(bytes);
    std::map<std::string, NpyArray> arrays;
    for (const std::string& name : zip.names()) {
        if (!name.ends_with(kSuffix)) {
            continue;
        }
        const ZipMember member = zip.member(name);
        check_input(member.size <= kLongest, "its array {} is {} bytes long", in_quotes(name),
                    member.size);
        try {
            const std::string array = name.substr(0, name.size() - kSuffix.size());
            arrays[array] = member.deflated ? parse_npy(inflate_raw(member.bytes, member.size))
                                            : parse_npy(member.bytes);
        } catch (const InputError& e) {
            fail_input("its array {}: {}", in_quotes(name), e.what());
        }
    }
    return arrays;
}

void write_npz(const std::filesystem::path& path,
               const std::map<std::string, std::vector<std::byte>>& arrays) {
    std::map<std::string, std::vector<std::byte>> entries;
    for (const auto& [name, array] : arrays) {
        entries[name + std::string(kSuffix)] = array;
    }
    AtomicFile file(path);
    file.write(zip_of(entries));
    file.commit();
}

}  // namespace longtake
