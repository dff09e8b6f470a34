#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace longtake {

// A zip archive of entries by name, stored and not compressed; the same bytes every day. Throws
// InputError where it would not fit into the 4 GiB that the plain format has.
std::vector<std::byte> zip_of(const std::map<std::string, std::vector<std::byte>>& entries);

}  // namespace longtake
