#include "gaussians/train/residual_model.h"

#include "core/error.h"
#include "gaussians/train/density.h"
#include "tests/gaussians/fixed_testing.h"
#include "tests/gaussians/residual_scenes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace longtake::gaussians {
namespace {

// A frame in which something has been learnt, with one gate closed.
class ResidualModelTest : public testing::Test {
  protected:
    ResidualModelTest()
        : before(fixed_of(scene_at(0))), model(before, {}, false, 1, nullptr), rows(60) {
        std::iota(rows.begin(), rows.end(), 0);
        model.begin(before, rows, 1);
        std::vector<float> logits(60, kMostGateLogit);
        logits[5] = -3;
        model.set_gates(logits);
        Adam adam;
        for (unsigned step = 0; step < 20; ++step) {
            model.decode(cloud);
            const Cloud by = to_cloud(
                converted<float>(random_gaussians(step % 3, {.count = 60, .sh_degree = 1})));
            model.backward(by, 1e-6);
            adam.step(model.columns({}, kSceneExtent));
        }
        model.decode(cloud);
    }

    const FixedCloud before;
    ResidualModel model;
    std::vector<int32_t> rows;
    Cloud cloud;
};

float at(const Tensor& tensor, int64_t i) {
    return tensor.data<float>()[i];
}

TEST_F(ResidualModelTest, IsWhatItsResidualComesTo) {
    const Residual residual = model.finish();
    const Cloud after = to_cloud(advance(before, residual));
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        for (int64_t i = 0; i < after.columns()[c]->count(); ++i) {
            // Decoders are rounded, and latents are a few.
            EXPECT_NEAR(at(*after.columns()[c], i), at(*cloud.columns()[c], i), 1e-4) << c;
        }
    }
    const Cloud was = to_cloud(before);
    EXPECT_NE(at(after.means, 0), at(was.means, 0));
    EXPECT_NE(at(after.rotations, 0), at(was.rotations, 0));
    for (int64_t k = 15; k < 18; ++k) {
        EXPECT_EQ(at(after.means, k), at(was.means, k));  // behind the closed gate
    }
}

TEST_F(ResidualModelTest, NewGaussiansBeginAsTheirParentsAre) {
    Regrowth grown;
    for (const int32_t row : rows) {
        if (row != 7) {
            grown.keep(row, 0);
        }
    }
    grown.add_new(5, 0, 0, 0);  // a clone of the one that did not move, then one that did
    grown.add_new(8, 0, 0, 0);
    const float shrink = -std::log(1.6F);
    grown.add_new(7, 0, shrink, 1);
    grown.add_new(7, 0, shrink, 1);
    Cloud was = cloud;
    for (Tensor* column : was.columns()) {
        *column = column->clone();
    }
    model.regrow(grown, cloud, 3);
    Cloud now;
    model.decode(now);
    ASSERT_EQ(now.count(), 63);
    const std::vector<int64_t> parents{0, 8, 5, 8, 7, 7}, children{0, 7, 59, 60, 61, 62};
    for (std::size_t i = 0; i < parents.size(); ++i) {
        const int64_t from = parents[i], to = children[i];
        const bool split = from == 7;
        double moved = 0;
        for (int64_t k = 0; k < 3; ++k) {
            moved += std::abs(at(now.means, 3 * to + k) - at(was.means, 3 * from + k));
            EXPECT_NEAR(at(now.log_scales, 3 * to + k),
                        at(was.log_scales, 3 * from + k) + (split ? shrink : 0), 1e-6);
            EXPECT_EQ(at(now.sh_dc, 3 * to + k), at(was.sh_dc, 3 * from + k));
        }
        EXPECT_EQ(at(now.opacities, to), at(was.opacities, from));
        EXPECT_EQ(moved > 1e-3, split) << moved;
    }
    EXPECT_EQ(model.open_gates()[5], 0);
    EXPECT_EQ(model.open_gates()[59], 1);
    model.keep({0, 5, 61});
    EXPECT_EQ(model.count(), 3);
    model.decode(now);
    EXPECT_EQ(at(now.opacities, 2), at(was.opacities, 7));
}

TEST_F(ResidualModelTest, AFrameBeginsWithoutAChange) {
    const Residual residual = model.finish();
    FixedCloud after = advance(before, residual);
    model.begin(after, {3, 4}, 1);
    const Residual none = model.finish();
    for (const Tensor* whole :
         {&none.means, &none.log_scales.latents, &none.opacities.latents, &none.rest}) {
        for (const int32_t v : whole->values<int32_t>()) {
            EXPECT_EQ(v, 0);
        }
    }
    EXPECT_TRUE(same(none.rotations.decoder.matrix, residual.rotations.decoder.matrix));
    EXPECT_THROW(model.set_gates({1, 2, 3}), Error);
    EXPECT_THROW(model.begin(after, {0}, 1), Error);  // it has two rows since
}

}  // namespace
}  // namespace longtake::gaussians
