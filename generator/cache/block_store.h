#pragma once

#include "core/tensor.h"
#include "generator/cache/spill_file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace longtake::generator {

// What a store of blocks may take.
struct BlockBudget {
    int64_t host_mib = 0;  // of memory; 0: up to 256 blocks, in a quarter of the machine's memory
    int64_t disk_mib = 0;  // of a file
    std::filesystem::path folder = {};  // the file's
};

// Blocks that have left a cache, in memory and, when that is full, in a file: keys and values of so
// many slots, layer by layer. All room is taken at the beginning. What was not asked for the
// longest goes to the file first, and is forgotten first.
class BlockStore {
  public:
    // layer [groups, slots, size]: of one layer of a block. `least`: blocks there must be room for;
    // InputError where there is not. `device` copies to and from the memory while the program goes
    // on.
    BlockStore(const Shape& layer, DType dtype, int layers, int64_t least,
               const BlockBudget& budget, Device device);
    void clear();
    void copy_from(const BlockStore& other);  // of the same shape and budget

    struct Block {
        int64_t number = 0;
        int64_t asked = 0;  // when, last
        int row = 0;        // of no other block of the store, < capacity()
        int host = -1;      // place in memory, or
        int disk = -1;      // in the file
    };
    // Room in memory for block `number`, higher than all before. For it others may move to the file
    // and one below `before` may be forgotten.
    const Block& add(int64_t number, int64_t now, int64_t before);
    std::span<const Block> blocks() const { return blocks_; }  // ascending
    const Block& block(int64_t number) const;
    void ask(int64_t number, int64_t now);
    // One layer of a block: [groups, slots, size], where it lies in memory ...
    Tensor in_memory(const Block& block, int layer) const;
    // ... or read from the file.
    void read(const Block& block, int layer, Tensor& to) const;

    int64_t capacity() const { return host_ + disk_; }
    const Shape& layer_shape() const { return layer_; }

  private:
    void move_to_file(Block& block);
    std::vector<Block>::iterator longest_unasked(int64_t before, bool only_in_memory);
    Tensor place(int host, int layer) const;
    int64_t file_offset(int disk, int layer) const;

    Shape layer_;
    int layers_;
    int64_t host_ = 0, disk_ = 0;  // blocks
    Tensor memory_;                // [host + 1, layers, ...]: one may be on its way to the file
    std::unique_ptr<SpillFile> file_;
    std::vector<Block> blocks_;
    std::vector<int> free_host_, free_disk_, free_rows_;
    int leaving_ = -1;  // place in memory of what is being written
};

}  // namespace longtake::generator
