#pragma once

#include "render/memory.h"
#include "render/splats/splat_view.h"
#include "render/staging_ring.h"

#include <array>
#include <cstdint>

namespace longtake::render {

// The columns of splats on the device. Of what comes after, only the pieces that differ go there.
class SplatMemory {
  public:
    explicit SplatMemory(const Device& device) : device_(device) {}

    // In submissions of its own; for those that follow. Returns the bytes that went over.
    int64_t update(Submission& submission, StagingRing& staging, const Splats& now);
    uint32_t count() const { return static_cast<uint32_t>(last_.count()); }

    // means, log_scales, rotations, opacities, sh_dc, sh_rest, marks
    static constexpr size_t kColumns = 7;
    using Addresses = std::array<VkDeviceAddress, kColumns>;
    Addresses addresses() const;

  private:
    void make_room(const Splats& now);

    const Device& device_;
    std::array<Buffer, kColumns> columns_;
    Splats last_;
};

}  // namespace longtake::render
