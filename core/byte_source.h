#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace longtake {

// Bytes of a file, of an address that FFmpeg can read (http://, https://), or of stdin.
class ByteSource {
  public:
    // "-" is stdin. Throws InputError when it cannot be opened.
    explicit ByteSource(const std::string& address);
    ~ByteSource();
    ByteSource(ByteSource&&) noexcept;
    ByteSource& operator=(ByteSource&&) noexcept;

    const std::string& address() const;
    // How many bytes there are now; a file may grow. Nothing for a pipe, which only goes forward.
    std::optional<uint64_t> size();
    // Up to `count` bytes from `offset` on, fewer only at the end. Memory is taken as they arrive,
    // whatever `count` promises. Throws InputError when reading fails, or going back in a pipe.
    std::vector<std::byte> read(uint64_t offset, uint64_t count);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace longtake
