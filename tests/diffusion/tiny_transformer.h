#pragma once

#include "core/safetensors.h"
#include "diffusion/models/causal_transformer.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/reference_memory.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace longtake::diffusion {

constexpr int64_t kTinyTokens = 6;  // per frame: latents of 4 x 6, patches of 2 x 2

inline CausalTransformer tiny(const std::string& name, DType compute = DType::F32,
                              Device device = Device::Cpu) {
    return CausalTransformer::load(kFixtures / name, compute, device);
}

// What the model attends to besides its memory: a fixture's prompt and, where it has one, picture.
inline TextContext context_of(const CausalTransformer& model, const SafetensorsFile& file) {
    TextContext context = model.prepare_text(file.tensor("text"));
    if (model.attends_picture()) {
        context.picture = model.prepare_picture(file.tensor("picture"));
    }
    return context;
}

// Runs the four chunks of a "_video" fixture; clean passes advance the memory, which they are cut
// short for, or not.
struct Video {
    explicit Video(const std::string& name)
        : file(SafetensorsFile::open(kFixtures / (name + "_video.safetensors"))),
          clean(file->tensor("clean")),
          noisy(file->tensor("noisy")),
          timesteps(file->tensor("timesteps")),
          expected(file->tensor("flows")) {}

    Tensor run(const CausalTransformer& model, bool whole_clean_pass = false) const {
        const Device device = model.device();
        TransformerWorkspace workspace(device);
        ReferenceMemory memory(model.config(), model.compute(), 12, 3, kTinyTokens, device,
                               workspace.stream());
        const TextContext context = context_of(model, *file);
        Tensor flows = Tensor(expected.shape(), DType::F32, device);
        const std::vector<double> zero(3, 0.0);
        for (int64_t c = 0; c < 4; ++c) {
            const float* t = timesteps.data<float>() + 3 * c;
            Tensor flow = chunk(flows, c), unused(flow.shape(), DType::F32, device);
            const Tensor first = chunk(noisy, c).to(device), second = chunk(clean, c).to(device);
            model.forward(first, std::vector<double>(t, t + 3), context, memory, flow, workspace);
            if (whole_clean_pass) {
                model.forward(second, zero, context, memory, unused, workspace);
            } else {
                model.remember(second, zero, context, memory, workspace);
            }
            workspace.synchronize();
            memory.advance(3);
        }
        return flows.to(Device::Cpu);
    }
    static Tensor chunk(const Tensor& t, int64_t c) {
        return t.slice(c, c + 1).reshape({3, t.extent(2), t.extent(3), t.extent(4)});
    }

    std::shared_ptr<const SafetensorsFile> file;
    Tensor clean, noisy, timesteps, expected;
};

inline Tensor one_chunk(const CausalTransformer& model, const Tensor& latents,
                        const TextContext& context, double timestep) {
    const Device device = model.device();
    TransformerWorkspace workspace(device);
    ReferenceMemory memory(model.config(), model.compute(), 3, 3, kTinyTokens, device,
                           workspace.stream());
    Tensor flow({3, model.config().out_channels, 4, 6}, DType::F32, device);
    const Tensor there = latents.to(device);
    model.forward(there, std::vector<double>(3, timestep), context, memory, flow, workspace);
    workspace.synchronize();
    return flow.to(Device::Cpu);
}

inline Tensor one_chunk(const CausalTransformer& model, const Tensor& latents, const Tensor& text,
                        double timestep) {
    return one_chunk(model, latents, model.prepare_text(text), timestep);
}

}  // namespace longtake::diffusion
