#pragma once

#include "core/tensor.h"
#include "diffusion/ops/linear.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

// The sizes of a umT5 encoder, named in config.json as transformers does. The defaults are those
// of umT5-XXL.
struct Umt5Config {
    int64_t vocabulary = 256384;
    int64_t width = 4096;  // d_model
    int64_t heads = 64;
    int64_t head_dim = 64;  // d_kv
    int64_t ffn_dim = 10240;
    int64_t layers = 24;
    int64_t buckets = 32;  // of relative positions, both signs
    int64_t max_distance = 128;
    double eps = 1e-6;

    // What the file does not say is as in `start`. Throws InputError, naming file and key, when the
    // file is not such a configuration.
    static Umt5Config read(const std::filesystem::path& path, Umt5Config start);
    static Umt5Config read(const std::filesystem::path& path);
    // Of a checkpoint: sizes from the shapes of its tensors, the rest from its config.json, where
    // there is one. Throws InputError when that tells of another number of layers.
    static Umt5Config of(const WeightMap& weights, const std::filesystem::path& config);
};

// Reads a prompt. Immutable; sessions share it.
class Umt5Encoder {
  public:
    // Whether the layers stay in memory, or are read from the checkpoint one after the other for
    // every prompt, which takes the memory of one.
    enum class Layers : uint8_t { Kept, Streamed };

    // `compute` (F32 or BF16) is the type of the weights and of what they multiply.
    Umt5Encoder(const Umt5Config& config, const WeightMap& weights, DType compute,
                Device device = Device::Cpu, Layers layers = Layers::Kept);

    // tokens [n], without padding -> [n, width] fp32, in host memory. Rows of padding would be
    // zero: nothing is lost by leaving them out, since masked keys have no weight and positions
    // are relative. Throws InputError when a streamed layer cannot be read.
    Tensor encode(std::span<const int32_t> tokens) const;

    const Umt5Config& config() const { return config_; }
    bool streamed() const { return layers_.empty(); }

  private:
    struct Layer {
        Tensor attention_norm, ffn_norm;  // [width] fp32
        Tensor position_bias;             // [buckets, heads] fp32
        Linear q, k, v, o, gate, up, down;
    };
    class Pass;
    Layer read(int64_t layer) const;

    Umt5Config config_;
    WeightMap weights_;
    DType compute_;
    Device device_;
    Tensor embedding_;  // [vocabulary, width], as in the file, in host memory
    Tensor final_norm_;
    std::vector<Layer> layers_;  // none when streamed
};

// The bucket of key position - query position: exact up to a quarter of `buckets`, then
// logarithmic up to `max_distance`; keys after the query have the upper half.
int64_t relative_position_bucket(int64_t distance, int64_t buckets, int64_t max_distance);

}  // namespace longtake::diffusion
