#pragma once

#include "diffusion/models/causal_transformer.h"
#include "diffusion/ops/linear.h"

#include <vector>

namespace longtake::diffusion {

// The parameters of a CausalTransformer, packed for the machine.
struct CausalTransformer::Weights {
    struct Block {
        Linear qkv, self_out;                               // self attention, q k v in one product
        Linear cross_q, cross_k, cross_v, cross_out;        // cross attention
        Linear up, down;                                    // feed-forward
        Tensor q_norm, k_norm, cross_q_norm, cross_k_norm;  // [d]
        Tensor cross_gain, cross_bias;                      // [d], the norm before cross attention
        Tensor modulation;                                  // [6, d]
        struct Picture {                                    // cross attention to a picture
            Linear k, v;
            Tensor k_norm;  // [d]
        } picture = {};     // empty without
    };
    Linear patch, text_in, text_out, time_in, time_out, time_modulation, head;
    Tensor head_modulation;       // [2, d]
    struct Image {                // what a picture's features go through; empty without
        Tensor in_gain, in_bias;  // [image_dim], the norm before
        Linear in, out;
        Tensor out_gain, out_bias;  // [d], the norm after
    } image;
    std::vector<Block> blocks;
    int64_t rows_alone = 0;  // see Linear; 0 unless all products of a block agree

    Weights(const TransformerConfig& config, const WeightMap& from, DType compute, DType products,
            Device device);
};

}  // namespace longtake::diffusion
