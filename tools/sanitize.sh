#!/usr/bin/env bash
# Tests under sanitizers: tools/sanitize.sh [memory|threads]. `memory`, the default, is AddressSanitizer and
# UndefinedBehaviorSanitizer over the rooms that compute; cmake --workflow --preset cpu-asan-ubsan does so over the
# whole CPU suite, which takes twice as long to build. `threads` is ThreadSanitizer over what has threads of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh

what=${1:-memory}
case $what in  # the longest first
    memory) preset=cpu-asan-ubsan rooms=(generator gaussians diffusion core toyworld) ;;
    threads) preset=cpu-tsan rooms=(generator interactive) ;;
    *) echo "error: $what: say memory or threads" >&2; exit 2 ;;
esac
install_missing "${build_packages[@]}" "${viewer_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}"
cmake --preset $preset >/dev/null
cmake --build --preset $preset --target "${rooms[@]/%/_test}"
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 OMP_WAIT_POLICY=passive
export LSAN_OPTIONS=suppressions=$PWD/tests/leaks.supp:print_suppressions=0
export TSAN_OPTIONS=suppressions=$PWD/tests/races.supp:ignore_noninstrumented_modules=1
printf '%s\n' "${rooms[@]}" |
    xargs -P "$(nproc)" -I{} bash -c "build/$preset/tests/{}/{}_test --gtest_brief=1"
