#include "gaussians/codec/residual.h"

#include "core/error.h"
#include "tests/gaussians/fixed_testing.h"

#include <gmock/gmock.h>

#include <limits>
#include <vector>

namespace longtake::gaussians {
namespace {

using testing::ElementsAre;

TEST(Residual, RowsAfterAreSurvivorsThenClonesThenSplits) {
    const FixedCloud before = random_fixed(5, 1);
    EXPECT_THAT(random_residual(before, 2).sources(5, Device::Cpu).values<int32_t>(),
                ElementsAre(0, 2, 4, 2, 2, 3, 3));
    Residual ends;
    ends.removed = {0, 1, 4, 9};
    ends.means = Tensor({6, 3}, DType::I32);
    EXPECT_THAT(ends.sources(10, Device::Cpu).values<int32_t>(), ElementsAre(2, 3, 5, 6, 7, 8));
    ends.removed.clear();
    EXPECT_TRUE(ends.sources(10, Device::Cpu).empty());
}

TEST(Residual, AddsToWhatARowIsMadeOf) {
    const FixedCloud before = random_fixed(5, 1);
    const Residual residual = random_residual(before, 2);
    const FixedCloud after = advance(before, residual);
    const auto at = [](const Tensor& t, int64_t i) { return t.data<int32_t>()[i]; };
    EXPECT_EQ(at(after.means, 3 * 2 + 1), at(before.means, 3 * 4 + 1) + at(residual.means, 7));
    const auto product = [&](const ResidualColumn& by, int64_t row, int64_t feature) {
        int32_t sum = at(by.decoder.shift, feature);
        for (int64_t l = 0; l < by.decoder.latents(); ++l) {
            sum += at(by.latents, row * by.decoder.latents() + l) *
                   at(by.decoder.matrix, l * by.decoder.features() + feature);
        }
        return sum;
    };
    EXPECT_EQ(at(after.rotations, 4 * 4 + 3),
              at(before.rotations, 4 * 2 + 3) + product(residual.rotations, 4, 3));
    // ln 1.6 less for the last two alone
    EXPECT_EQ(at(after.log_scales, 3 * 4 + 2),
              at(before.log_scales, 3 * 2 + 2) + product(residual.log_scales, 4, 2));
    EXPECT_EQ(at(after.log_scales, 3 * 5 + 2),
              at(before.log_scales, 3 * 3 + 2) - 492835 + product(residual.log_scales, 5, 2));
    EXPECT_EQ(at(after.rest, 2 * 6), at(before.rest, 2 * 3) + at(residual.rest, 2 * 6));
    EXPECT_TRUE(same(after.rest_decoder.matrix, residual.rest_decoder.matrix));
}

TEST(Residual, SumsWrapAround) {
    FixedCloud before = random_fixed(1, 1);
    before.means.values<int32_t>()[0] = std::numeric_limits<int32_t>::max();
    Residual residual = random_residual(random_fixed(5, 1), 2);
    residual = {.removed = {},
                .clones = {},
                .splits = {},
                .means = Tensor({1, 3}, DType::I32),
                .log_scales = residual.log_scales,
                .rotations = residual.rotations,
                .opacities = residual.opacities,
                .sh_dc = residual.sh_dc,
                .rest = residual.rest.slice(0, 1),
                .rest_decoder = residual.rest_decoder};
    for (ResidualColumn* column :
         {&residual.log_scales, &residual.rotations, &residual.opacities, &residual.sh_dc}) {
        column->latents = column->latents.slice(0, 1);
    }
    std::ranges::fill(residual.means.values<int32_t>(), 1);
    EXPECT_EQ(advance(before, residual).means.values<int32_t>()[0],
              std::numeric_limits<int32_t>::min());
}

TEST(Residual, RefusesWhatDoesNotFit) {
    const FixedCloud before = random_fixed(5, 1);
    const auto broken = [&](auto change) {
        Residual residual = random_residual(before, 2);
        change(residual);
        return residual;
    };
    using R = Residual&;
    for (const Residual& residual :
         {broken([](R r) {
              r.removed = {3, 1};
          }),
          broken([](R r) {
              r.removed = {1, 1};
          }),
          broken([](R r) {
              r.removed = {1, 5};
          }),
          broken([](R r) {
              r.clones = {-1, 2};
          }),
          broken([](R r) { r.splits = {3}; }), broken([](R r) { r.rest = r.rest.slice(0, 3); }),
          broken([](R r) { r.rotations.decoder.matrix = r.sh_dc.decoder.matrix; }),
          broken([](R r) { r.sh_dc.decoder.shift = r.rest_decoder.shift; }),
          broken([](R r) { r.rest_decoder = r.rotations.decoder; })}) {
        EXPECT_THROW(advance(before, residual), Error);
    }
}

}  // namespace
}  // namespace longtake::gaussians
