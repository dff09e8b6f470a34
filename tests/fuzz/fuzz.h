#pragma once

#include "core/error.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// A libFuzzer target for each reader of files or bytes from elsewhere. Whatever the bytes, a reader
// gives what it promises or throws an InputError; anything else, and memory that the
// bytes do not back, is a finding.
namespace longtake::fuzz {

using Bytes = std::span<const std::byte>;

// What a target is: hands the bytes to its reader, and touches all that comes out.
void read(Bytes bytes);

// Runs a reader that may refuse.
template <typename Read> void attempt(Read&& reader) {
    try {
        reader();
    } catch (const InputError&) {
    }
}

// A folder of this process, and a file of these bytes in it, in place of the last of that name.
const std::filesystem::path& folder();
std::filesystem::path write(const std::string& name, Bytes bytes);

// The parts of an input that stands for several files: what is between lines "--next--". Those that
// are not there are empty.
std::vector<Bytes> parts(Bytes bytes, size_t count);

std::string_view text(Bytes bytes);

}  // namespace longtake::fuzz
