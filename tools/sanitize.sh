#!/usr/bin/env bash
# Tests under sanitizers: tools/sanitize.sh [memory|threads]. `memory`, the default, is AddressSanitizer and
# UndefinedBehaviorSanitizer over the rooms that compute; cmake --workflow --preset cpu-asan-ubsan does so over the
# whole CPU suite, which takes twice as long to build. `threads` is ThreadSanitizer over what has threads of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh

what=${1:-memory}
case $what in  # the longest first
    memory)
        preset=cpu-asan-ubsan
        tests=(generator/generator gaussians/gaussians diffusion/diffusion core/core toyworld/toyworld)
        ;;
    threads)
        preset=cpu-tsan
        tests=(generator/generator interactive/interactive faults/load)
        ;;
    *)
        echo "error: $what: say memory or threads" >&2
        exit 2
        ;;
esac
install_missing "${build_packages[@]}" "${viewer_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}"
cmake --preset $preset >/dev/null
names=("${tests[@]#*/}")
cmake --build --preset $preset --target "${names[@]/%/_test}"
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 OMP_WAIT_POLICY=passive
export LSAN_OPTIONS=suppressions=$PWD/tests/leaks.supp:print_suppressions=0
export TSAN_OPTIONS=ignore_noninstrumented_modules=1  # as Archer asks, which tells what OpenMP waits for
printf '%s\n' "${tests[@]}" |
    xargs -P "$(nproc)" -I{} bash -c "build/$preset/tests/{}_test --gtest_brief=1"
