#pragma once

#include "diffusion/weights/pickle_value.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <span>

namespace longtake::diffusion {

// Reads Python's pickle format, protocols 2 to 5, without ever executing anything: the only
// callables it knows are those that torch.save writes for tensors, bytes and OrderedDict, and it
// builds their results itself. Everything else is refused by name, with an InputError.
class Pickle {
  public:
    explicit Pickle(std::span<const std::byte> bytes);

    const PickleValue& root() const { return *root_; }

    static constexpr size_t kMaxBytes = size_t{64} << 20;
    static constexpr size_t kMaxValues = size_t{4} << 20;  // some 100000 tensors

  private:
    std::deque<PickleValue> values_;  // owns them all
    PickleRef root_;
};

}  // namespace longtake::diffusion
