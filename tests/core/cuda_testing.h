#pragma once

#include "core/device.h"

#include <gtest/gtest.h>

// Ends a test that needs a GPU where there is none, with the reason.
#define LONGTAKE_NEEDS_GPU()                                       \
    if (longtake::cuda_devices() == 0) {                           \
        GTEST_SKIP() << "no CUDA device, or a build without CUDA"; \
    }
