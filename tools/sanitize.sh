#!/usr/bin/env bash
# Tests under sanitizers: tools/sanitize.sh [memory|threads]. `memory`, the default, is AddressSanitizer and
# UndefinedBehaviorSanitizer over the tests of the rooms and of the program, but for what draws and what trains for minutes
# by what other tests call; cmake --workflow --preset cpu-asan-ubsan leaves out nothing. `threads` is ThreadSanitizer
# over what has threads of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh

what=${1:-memory}
case $what in  # the longest first
    memory)
        preset=cpu-asan-ubsan
        tests=(generator/generator gaussians/gaussians tools/tools diffusion/diffusion interactive/interactive core/core
            toyworld/toyworld)
        left_out=EncodeStream.*:Encode.Learns*:Commands.Examples*:TrackCommands.GenerateTakesMotion*
        ;;
    threads)
        preset=cpu-tsan
        tests=(generator/generator interactive/interactive faults/load)
        left_out=
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
    xargs -P "$(nproc)" -I{} bash -c "build/$preset/tests/{}_test --gtest_brief=1 --gtest_filter='-$left_out'"
