#!/usr/bin/env bash
# Builds everything and runs every test that needs no GPU, on Debian 12 or Ubuntu 24.04.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh

install_missing "${build_packages[@]}" "${viewer_packages[@]}" \
    "${test_packages[@]}" "${viewer_test_packages[@]}"
cmake --preset cpu-release -DLONGTAKE_TESTS=ON -DLONGTAKE_TOGETHER=ON >/dev/null
cmake --workflow --preset cpu-release
