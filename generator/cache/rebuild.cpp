#include "generator/cache/policy.h"

#include <algorithm>

namespace longtake::generator {
namespace {

// Remembers no keys over a chunk: before each one, the newest few latents are read again in one
// clean pass, which gives the whole cache. The oldest of them is first made to look as a video's
// first frame does, from its picture, as a latent from the middle of a stream does not (Krea
// Realtime). The prompt in force is the only one that counts.
class Rebuild : public CachePolicy {
  public:
    Rebuild(int64_t frames, int64_t chunk, bool encodes)
        : CachePolicy(frames + chunk), frames_(frames), encodes_(encodes) {}

    Plan plan(const Border& border) const override { return append(border); }
    bool retimes() const override { return false; }
    int64_t history() const override { return frames_; }
    int64_t recached(const Border& border) const override {
        return std::min(frames_, border.first_frame);
    }
    bool rebuilds() const override { return true; }
    bool encodes() const override { return encodes_; }

  private:
    int64_t frames_;
    bool encodes_;
};

}  // namespace

// The oldest frame that is read is one of the chunk before.
std::unique_ptr<const CachePolicy> make_rebuild(CacheOptions& options,
                                                const CacheDefaults& defaults) {
    const int64_t chunk = defaults.chunk_frames;
    const int64_t frames = options.integer("frames", chunk, 1, chunk);
    return std::make_unique<Rebuild>(frames, chunk, options.integer("encode", 1, 0, 1) == 1);
}

}  // namespace longtake::generator
