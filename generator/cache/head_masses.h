#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake::generator {

// The file of a model's folder that `longtake calibrate` writes.
constexpr const char* kHeadMasses = "heads.json";

// Where the heads of a model look, as `longtake calibrate` measured it: of the attention of a
// chunk's clean pass the shares that fall on some frames. Policies make labels of them.
struct HeadMasses {
    int64_t layers = 0, heads = 0;
    // [layers * heads] each, 0 to 1. With a full window, of what falls on all frames but the first:
    // the part of the newest four (Forcing-KV, arXiv 2605.09681).
    std::vector<float> recent;
    // In the second chunk: what falls on the first frame, and on those between it and the chunk
    // (Dummy Forcing).
    std::vector<float> first, middle;

    // JSON. Throws InputError, naming the file, when it is none of ours or of another model than
    // one of so many layers and heads.
    static HeadMasses read(const std::filesystem::path& path, int64_t layers, int64_t heads);
    void write(const std::filesystem::path& path) const;
};

}  // namespace longtake::generator
