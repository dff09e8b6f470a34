#!/usr/bin/env bash
# Fuzzes the readers of files and network bytes, each for so long: tools/fuzz.sh [SECONDS [TARGET...]]; without
# targets all of them. It goes on from what earlier runs left in build/fuzz/corpus; what breaks a reader lands in
# build/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/packages.sh

seconds=${1:-20}
shift || true
install_missing "${build_packages[@]}" "${fuzz_packages[@]}"
cmake --preset cpu-asan-ubsan >/dev/null
cmake --build --preset cpu-asan-ubsan --target fuzz_targets
export UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=($(ls tests/fuzz/seeds))
fi

# One target: seeds and what is known first, then new inputs. Memory that an input does not back shows as a limit
# that is passed.
fuzz() {
    local target=$1 folder=build/fuzz
    mkdir -p "$folder/corpus/$target" "$folder/found" "$folder/logs"
    if "build/cpu-asan-ubsan/tests/fuzz/fuzz_$target" -max_total_time="$2" -timeout=20 -max_len=65536 \
        -rss_limit_mb=512 -malloc_limit_mb=256 -artifact_prefix="$folder/found/$target-" \
        "$folder/corpus/$target" "tests/fuzz/seeds/$target" >"$folder/logs/$target" 2>&1; then
        printf '%-14s %s\n' "$target" "$(grep -E '^Done ' "$folder/logs/$target")"
    else
        printf '%-14s FAILED\n' "$target"
        tail -n 40 "$folder/logs/$target"
        return 1
    fi
}
export -f fuzz
if [ -d /dev/shm ]; then
    export TMPDIR=/dev/shm  # readers of files get them there
fi
# More than there are cores: they wait for files, too.
printf '%s\n' "${targets[@]}" | xargs -P $((2 * $(nproc) + 1)) -I{} bash -c "fuzz {} $seconds"
