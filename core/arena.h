#pragma once

#include "core/tensor.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace longtake {

// Memory for the intermediate tensors of one computation, handed out in a row and taken back in
// whole scopes. It grows while it learns how much is needed; once the same work has run before,
// nothing is allocated any more. Not for several threads at once.
class Arena {
    struct Mark {
        size_t block = 0;   // that allocations come from
        size_t offset = 0;  // in that block
        size_t used = 0;    // bytes handed out, over all blocks
    };

  public:
    // Returns memory aligned to kAlignment; throws Error when there is none.
    using Allocator = std::function<std::shared_ptr<void>(size_t bytes)>;
    static constexpr size_t kAlignment = 256;

    explicit Arena(Device device = Device::Cpu);
    Arena(Device device, Allocator allocator);
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Uninitialized; valid until the innermost open scope ends, or as long as the arena outside of
    // every scope.
    Tensor allocate(const Shape& shape, DType dtype);
    // Makes sure that so many bytes are there before the first use.
    void reserve(size_t bytes);

    // On destruction gives back everything that was allocated since its construction. Scopes nest.
    class Scope {
      public:
        explicit Scope(Arena& arena) : arena_(arena), mark_(arena.mark_) {}
        ~Scope() { arena_.mark_ = mark_; }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        Arena& arena_;
        const Mark mark_;
    };

    size_t bytes() const;                              // held
    size_t high_water() const { return high_water_; }  // most that was ever handed out at once
    size_t growths() const { return growths_; }        // how often memory was allocated

  private:
    struct Block {
        std::shared_ptr<void> data;
        size_t size;
    };
    void grow(size_t bytes, size_t position);

    Device device_;
    Allocator allocator_;
    std::vector<Block> blocks_;
    Mark mark_;
    size_t high_water_ = 0;
    size_t growths_ = 0;
};

}  // namespace longtake
