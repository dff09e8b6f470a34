#!/usr/bin/env bash
# From a fresh checkout to two videos, on Debian 12 or Ubuntu 24.04, with or without a GPU.
# usage: tools/demo.sh [SECONDS]    writes longtake.mp4, one minute unless told otherwise, and
#                                   walk.mp4, past a stream of Gaussians
set -euo pipefail
seconds=${1:-60}
cd "$(dirname "$0")/.."
source tools/packages.sh

install_missing "${build_packages[@]}"
cmake --preset cpu-release -DLONGTAKE_TESTS=OFF >/dev/null
cmake --build --preset cpu-release --target longtake
build/cpu-release/bin/longtake generate --script assets/prompts/demo.txt \
    --seconds "$seconds" -o longtake.mp4
build/cpu-release/bin/longtake render assets/streams/toyworld.ltv --size 384x216 -o walk.mp4
echo "The videos are $PWD/longtake.mp4 and $PWD/walk.mp4"
