#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

// Bytes that are read from anywhere in them, or from the beginning on.
class ByteSource {
  public:
    virtual ~ByteSource() = default;

    virtual const std::string& address() const = 0;  // for messages
    // How many bytes there are now; a file may grow. Nothing for a pipe, which only goes forward.
    virtual std::optional<uint64_t> size() = 0;
    // Up to `count` bytes from `offset` on, fewer only at the end. Memory is taken as they arrive,
    // whatever `count` promises. Throws InputError when reading fails, or going back in a pipe.
    virtual std::vector<std::byte> read(uint64_t offset, uint64_t count) = 0;
};

// A file, an address that FFmpeg can read (http://, https://), or stdin, which is "-". Throws
// InputError when it cannot be opened.
std::unique_ptr<ByteSource> open_bytes(const std::string& address);

}  // namespace longtake
