#pragma once

#include "render/device.h"

#include <cstdint>
#include <optional>
#include <span>

namespace longtake::render {

enum class Blend : uint8_t {
    None,
    Over,           // source over destination, alpha not premultiplied
    Premultiplied,  // the same with alpha premultiplied
};

// What a pass draws with: two shaders that share push constants and one sampled texture, where they
// sample one, drawn with triangles whose viewport and scissor are set when recording.
struct PipelineOptions {
    std::span<const uint32_t> vertex, fragment;  // SPIR-V
    int32_t mode = 0;                            // constant 0 of the fragment shader
    uint32_t push_bytes = 0;
    std::span<const VkVertexInputAttributeDescription> attributes = {};
    uint32_t vertex_bytes = 0;
    Blend blend = Blend::None;
    VkFormat format = VK_FORMAT_UNDEFINED;
    // Where depths are compared, the greater one in front: whether they are written, too.
    std::optional<bool> writes_depth = {};
};

Handle<VkShaderModule> make_shader(const Device& device, std::span<const uint32_t> code);

class Pipeline {
  public:
    Pipeline() = default;
    Pipeline(const Device& device, const PipelineOptions& options);

    // Samples `view`, which is in a shader-readable layout, with `sampler`. Nothing that is in
    // flight may use the texture before.
    void set_texture(VkImageView view, VkSampler sampler);
    void bind(VkCommandBuffer commands, const void* push) const;

  private:
    VkDevice device_ = VK_NULL_HANDLE;
    uint32_t push_bytes_ = 0;
    Handle<VkDescriptorSetLayout> set_layout_;
    Handle<VkPipelineLayout> layout_;
    Handle<VkDescriptorPool> pool_;
    VkDescriptorSet set_ = VK_NULL_HANDLE;
    bool textured_ = false;
    Handle<VkPipeline> pipeline_;
};

// Bilinear, clamped at the edges.
Handle<VkSampler> make_sampler(const Device& device);

}  // namespace longtake::render
