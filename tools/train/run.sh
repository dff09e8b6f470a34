#!/usr/bin/env bash
# One stage of the training: run.sh STAGE [arguments of the stage]. Weights go to and come from
# $LONGTAKE_TRAIN_OUT (default: out/ beside this script). The toyworld library is built when
# $TOYWORLD_SO does not name one. GPUS=2 trains on two GPUs of one machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${LONGTAKE_TRAIN_OUT:-$here/out}
mkdir -p "$out"
export PYTHONUNBUFFERED=1
if [ -z "${TOYWORLD_SO:-}" ]; then
    export TOYWORLD_SO=$out/libtoyworld.so
    world=$here/../toyworld
    [ -e "$TOYWORLD_SO" ] || nvcc -arch=sm_90 -O3 -std=c++20 -shared -Xcompiler -fPIC,-pthread -DLTW_CUDA \
        -I"$here/../.." "$world"/{toyworld,grammar,tracks,render_cpu}.cpp "$world"/render_cuda.cu -o "$TOYWORLD_SO"
fi
cd "$here"
stage=$1
shift
tokenizer=${TOKENIZER:-$here/../../assets/models/toyworld/tokenizer/spiece.model}
weights=(--vae "$out/vae" --tokenizer "$tokenizer")
many=(python3)
[ "${GPUS:-1}" -gt 1 ] && many=(torchrun --standalone --nproc-per-node "$GPUS")
case $stage in
    tokenizer) python3 text.py "$tokenizer" "$@" ;;
    autoencoder) "${many[@]}" autoencoder.py --out "$out/vae" "$@" ;;
    judge) python3 judge/train.py --out "$out/judge" "$@" ;;
    teacher) "${many[@]}" teacher.py "${weights[@]}" --cache "$out/clips.pt" --out "$out/teacher" "$@" ;;
    causal) "${many[@]}" causal.py "${weights[@]}" --cache "$out/clips.pt" --teacher "$out/teacher" --out "$out/causal" "$@" ;;
    student) "${many[@]}" student.py "${weights[@]}" --teacher "$out/teacher" --causal "$out/causal" --out "$out/student" "$@" ;;
    evaluate) python3 judge/evaluate.py "${weights[@]}" --judge "$out/judge" --teacher "$out/teacher" --student "$out/student" --videos "$out/videos" "$@" ;;
    videos) # what `longtake` makes of the prompts of `evaluate`
        python3 judge/evaluate.py videos --write-prompts "$out/prompts.txt" "$@"
        mkdir -p "$out/videos"
        # shellcheck disable=SC2016
        nl -v 0 -w 3 -n rz -s ' ' "$out/prompts.txt" |
            OMP_NUM_THREADS=2 xargs -d '\n' -n 1 -P $((($(nproc) + 1) / 2)) bash -c \
                'longtake generate --prompt "${1#* }" --seed $((10#${1%% *})) --seconds 5.0625 -o "$0/${1%% *}/"' "$out/videos" ;;
    tracker) python3 judge/tracker.py --vae "$out/vae" --out "$out/tracker" "$@" ;;
    motion) python3 judge/motion.py "${weights[@]}" --tracker "$out/tracker" --judge "$out/judge" --teacher "$out/teacher" \
        --student "$out/student" --requests "$out/requests" --videos "$out/motion" --sheets "$out/motion" "$@" ;;
    cameras) python3 judge/cameras.py "${weights[@]}" --tracker "$out/tracker" --teacher "$out/teacher" --student "$out/student" "$@" ;;
    depth) python3 depth.py "${weights[@]}" --out "$out/depth" "$@" ;;
    export) python3 export.py "${weights[@]}" --student "$out/student" --depth "$out/depth" "$@" ;;
    *) echo "unknown stage '$stage': tokenizer, autoencoder, judge, teacher, causal, student, videos, evaluate, tracker, motion, cameras, depth, export" >&2; exit 2 ;;
esac
