#pragma once

#include "render/compute_pipeline.h"
#include "render/splats/radix_sort.h"
#include "render/splats/splat_memory.h"

namespace longtake::render {

// Finds what the camera sees of each Gaussian, and the keys by which they are sorted.
class SplatProjection {
  public:
    explicit SplatProjection(const Device& device);

    void reserve(uint32_t count);
    // view: ShaderView
    void record(VkCommandBuffer commands, VkDeviceAddress view, const SplatMemory& memory,
                const SortMemory& order) const;
    VkDeviceAddress splats() const { return splats_.address(); }

  private:
    static constexpr VkDeviceSize kSplatBytes = 32;

    const Device& device_;
    ComputePipeline pipeline_;
    Buffer splats_;
};

}  // namespace longtake::render
