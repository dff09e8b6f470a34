#include "generator/cache/policy.h"

namespace longtake::generator {
namespace {

// Keeps every frame, as far as its slots go.
class Full : public CachePolicy {
  public:
    using CachePolicy::CachePolicy;

    Plan plan(const Border& border) const override { return append(border); }
    std::optional<int64_t> frame_limit() const override { return window(); }
    bool retimes() const override { return false; }
};

}  // namespace

std::unique_ptr<const CachePolicy> make_full(CacheOptions& options, const CacheDefaults& defaults) {
    return std::make_unique<Full>(window_option(options, defaults));
}

}  // namespace longtake::generator
