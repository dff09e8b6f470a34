#include "gaussians/scene/cloud.h"

#include "core/error.h"

#include <gtest/gtest.h>

namespace longtake::gaussians {
namespace {

TEST(Cloud, KnowsTheDegreeItWasMadeWith) {
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        const Cloud cloud = Cloud::sized(5, degree);
        EXPECT_EQ(cloud.count(), 5);
        EXPECT_EQ(cloud.sh_degree(), degree);
    }
    EXPECT_THROW(Cloud::sized(5, 4), Error);
}

TEST(Cloud, RefusesCoefficientsOfNoDegree) {
    Cloud cloud = Cloud::sized(2, 1);
    cloud.sh_rest = Tensor({2, 5, 3}, DType::F32);
    EXPECT_THROW(cloud.sh_degree(), Error);
}

}  // namespace
}  // namespace longtake::gaussians
