#include "gaussians/train/lineage.h"

#include "core/error.h"

#include <gmock/gmock.h>

#include <vector>

namespace longtake::gaussians {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Rows 0, 2, 3, 4 of five; 2 is cloned, 3 split.
Lineage grown() {
    Lineage lineage(5, {1});
    Regrowth rows;
    for (const int32_t stays : {0, 1, 3}) {
        rows.keep(stays, 0);
    }
    rows.add_new(1, 0, 0, 0);
    rows.add_new(2, 0, -0.5F, 1);
    rows.add_new(2, 0, -0.5F, 1);
    lineage.regrow(rows);
    return lineage;
}

TEST(Lineage, KnowsWhatRowsAreMadeOf) {
    EXPECT_THAT(Lineage(4, {1, 3}).sources(), ElementsAre(0, 2));
    const Lineage lineage = grown();
    EXPECT_THAT(lineage.sources(), ElementsAre(0, 2, 4, 2, 3, 3));
    EXPECT_EQ(lineage.survivors(), 3);
    Residual residual;
    lineage.describe(residual);
    EXPECT_THAT(residual.removed, ElementsAre(1, 3));
    EXPECT_THAT(residual.clones, ElementsAre(2));
    EXPECT_THAT(residual.splits, ElementsAre(3, 3));
    residual.means = Tensor({6, 3}, DType::I32);
    EXPECT_THAT(residual.sources(5, Device::Cpu).values<int32_t>(),
                testing::ElementsAreArray(lineage.sources()));
}

TEST(Lineage, NewRowsMayGoAgain) {
    Lineage lineage = grown();
    lineage.keep({0, 1, 2, 5});
    Residual residual;
    lineage.describe(residual);
    EXPECT_THAT(residual.removed, ElementsAre(1, 3));
    EXPECT_THAT(residual.clones, IsEmpty());
    EXPECT_THAT(residual.splits, ElementsAre(3));
}

TEST(Lineage, RefusesAnotherOrderAndASecondTime) {
    Lineage lineage(2, {});
    Regrowth rows;
    rows.add_new(0, 0, -0.5F, 1);
    rows.keep(1, 0);
    EXPECT_THROW(lineage.regrow(rows), Error);
    lineage = grown();
    EXPECT_THROW(lineage.regrow({}), Error);
}

}  // namespace
}  // namespace longtake::gaussians
