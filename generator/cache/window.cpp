#include "generator/cache/policy.h"

namespace longtake::generator {
namespace {

// Keeps the newest frames.
class Window : public CachePolicy {
  public:
    using CachePolicy::CachePolicy;

    Plan plan(const Border& border) const override {
        return border.cached + border.frames <= window() ? append(border)
                                                         : roll(border, window(), 0);
    }
    bool retimes() const override { return false; }
};

}  // namespace

std::unique_ptr<const CachePolicy> make_window(CacheOptions& options,
                                               const CacheDefaults& defaults) {
    return std::make_unique<Window>(window_option(options, defaults));
}

}  // namespace longtake::generator
