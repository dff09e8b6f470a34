"""Takes of many prompts under many caches, judged over time. The one command of the study:

    study.py --longtake build/cuda-release/bin/longtake --judge out/judge --minutes 8

adds to the records what is not in them yet, cache by cache, and stops before the minutes are over;
run again, it goes on. `report.py` makes a table and pictures of the records.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "train")]
from common import CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, WIDTH, load, setup  # noqa: E402
from judge.movement import movement  # noqa: E402
from judge.network import Labels, accuracy, frechet, select  # noqa: E402
from judge.train import new_judge  # noqa: E402
from measures import ask, curves, seconds_until_seen  # noqa: E402
from world import World  # noqa: E402

CLIP = CLIP_FRAMES - 3  # frames the judge was trained on
SWITCH, SWITCH_TAKE = 8, 24  # seconds: when the prompt changes, and when such a take ends


def half_size(clip):
    return torch.nn.functional.avg_pool3d(clip.movedim(-1, 1).float(), (1, 2, 2)).movedim(1, -1).round().byte()


class Study:
    def __init__(self, args):
        self.args, self.started = args, time.time()
        self.device = setup()
        self.world = World()
        self.judge = new_judge(self.world)
        load(args.judge, self.judge).to(self.device).eval()
        labels = Labels(self.world, self.judge.sizes[0], self.device)
        self.seeds, scripts = labels.select(TEST_SEEDS, args.prompts, CLIP_FRAMES)
        self.prompts = [self.world.caption(s, 0, 0) for s in scripts]
        self.truth = labels.tensors(scripts)
        self.reference_seeds, _ = labels.select(TEST_SEEDS + 10**6, args.reference, CLIP_FRAMES)
        self.reference = torch.cat([ask(self.judge, self.real(self.reference_seeds[i:i + 20]))["feature"]
                                    for i in range(0, args.reference, 20)])
        self.frames_per_second = args.rate

    def real(self, seeds):
        return half_size(self.world.render_seeds(seeds, CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, 3:])

    def left(self):
        return 60 * self.args.minutes - (time.time() - self.started)

    def record(self, row):
        round_all = lambda v: ([round_all(x) for x in v] if isinstance(v, list)
                               else round(v, 4) if isinstance(v, float) and math.isfinite(v)
                               else None if isinstance(v, float) else v)
        row = {k: round_all(v) for k, v in row.items()}
        with open(self.args.records, "a") as f:
            f.write(json.dumps(row) + "\n")
        print(json.dumps(row)[:160], flush=True)

    def real_clips(self):
        """The ceiling: real renders of the prompts, and glimpses of one second of them."""
        clips = torch.cat([self.real(self.seeds[i:i + 16]) for i in range(0, len(self.seeds), 16)])
        answer = ask(self.judge, clips)
        glimpse = accuracy(ask(self.judge, clips[:, 40:56]), self.truth)
        self.record(dict(kind="real", prompts=len(clips), frechet=frechet(answer["feature"], self.reference),
                         **accuracy(answer, self.truth), movement=2 * float(movement(clips).mean()),
                         glimpse=[glimpse[k] for k in ("colour", "shape", "sky", "ground")]))

    def takes(self, caches, prompts, seconds, clips, length, folder):
        """Starts the program; it writes a file for each take."""
        path = os.path.join(folder, "prompts.txt")
        with open(path, "w") as f:
            f.write("\n".join(prompts) + "\n")
        return subprocess.Popen(
            [self.args.longtake, "takes", "--prompts", path, "--caches", *caches, "--seconds", str(seconds),
             "--clips", str(clips), "--length", str(length), "--together", str(self.args.together), "-o", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def collect(self, folder, cache):
        files = sorted(os.listdir(os.path.join(folder, cache)))
        clips = torch.stack([load_file(os.path.join(folder, cache, f))["clips"] for f in files])
        shutil.rmtree(os.path.join(folder, cache))
        return clips

    def batches(self, kind, caches, seconds):
        """Caches that are not in the records yet, as many at a time as make takes together."""
        done = set()
        if os.path.exists(self.args.records):
            with open(self.args.records) as f:
                rows = [json.loads(line) for line in f]
            done = {(r["kind"], r.get("cache"), r.get("seconds")) for r in rows}
        todo = [c for c in caches if (kind, c, seconds) not in done]
        many = max(1, self.args.together // self.args.prompts)
        return [todo[i:i + many] for i in range(0, len(todo), many)]

    def run(self, kind, caches, seconds, judge_it, prompts, clips, length):
        waiting = None
        for batch in [*self.batches(kind, caches, seconds), None]:
            if batch and len(batch) * len(prompts) * seconds * FPS / self.frames_per_second > self.left() - 20:
                print(f"no time for {batch}", flush=True)
                batch = None
            began = time.time()
            if batch:
                folder = tempfile.mkdtemp(dir=self.args.scratch)
                process = self.takes(batch, prompts, seconds, clips, length, folder)
            if waiting:  # what was made is judged while the next is being made
                for cache in waiting[0]:
                    judge_it(cache, self.collect(waiting[1], cache))
                shutil.rmtree(waiting[1])
            waiting = None
            if not batch:
                break
            if process.wait():  # what is there already is not made again
                print(f"longtake ended with {process.returncode}:", process.stderr.read()[-500:], flush=True)
                process = self.takes(batch, prompts, seconds, clips, length, folder)
                if process.wait():
                    raise RuntimeError(process.stderr.read()[-500:])
            self.frames_per_second = len(batch) * len(prompts) * seconds * FPS / (time.time() - began)
            print(f"{len(batch)} x {len(prompts)} takes of {seconds} s: {self.frames_per_second:.0f} frames/s", flush=True)
            waiting = batch, folder

    def long(self, caches, seconds):
        frames = round(seconds * FPS)
        clips = max(1, min(self.args.clips, frames // CLIP))
        starts = [k * (frames - CLIP) // max(1, clips - 1) for k in range(clips)]

        def judge_it(cache, clips):
            self.record(dict(kind="long", cache=cache, seconds=seconds, prompts=len(clips),
                             times=[(s + CLIP / 2) / FPS for s in starts],
                             **curves(self.judge, clips, starts, self.truth, self.reference, FPS)))

        self.run("long", caches, seconds, judge_it, self.prompts, clips, CLIP)

    def switch(self, caches):
        """Every prompt turns into the next one: another scene altogether."""
        order = list(range(1, len(self.prompts))) + [0]
        truth = {k: v[order] for k, v in self.truth.items()}
        prompts = [f"0s: {self.prompts[i]} | {SWITCH}s: {self.prompts[j]}" for i, j in enumerate(order)]

        def judge_it(cache, takes):
            seen = seconds_until_seen(self.judge, takes[:, 0].to(self.device), truth, round(SWITCH * FPS), FPS)
            self.record(dict(kind="switch", cache=cache, seconds=SWITCH_TAKE, prompts=len(takes),
                             obeyed=sum(map(math.isfinite, seen)) / len(seen),
                             median=sorted(seen)[len(seen) // 2], seen=seen))

        self.run("switch", caches, SWITCH_TAKE, judge_it, prompts, 1, round(SWITCH_TAKE * FPS))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longtake", default="longtake", help="the program")
    parser.add_argument("--judge", default="out/judge", help="weights that `tools/train/run.sh judge` wrote")
    parser.add_argument("--records", default="study.jsonl")
    parser.add_argument("--caches", default=os.path.join(HERE, "caches.txt"), help="file of caches, or one of them")
    parser.add_argument("--seconds", type=float, nargs="+", default=[60], help="lengths of takes")
    parser.add_argument("--no-switch", action="store_true", help="without the takes whose prompt changes")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--reference", type=int, default=500, help="real clips that Fréchet distances are to")
    parser.add_argument("--clips", type=int, default=12, help="clips judged of a take")
    parser.add_argument("--together", type=int, default=128, help="takes at a time")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--rate", type=float, default=4000, help="frames/s to plan the first takes with")
    parser.add_argument("--scratch", default="/dev/shm", help="folder for clips that wait for the judge")
    args = parser.parse_args()
    caches = [args.caches]
    if os.path.exists(args.caches):
        with open(args.caches) as f:
            caches = [line.strip() for line in f if line.strip() and not line.startswith("#")]
    study = Study(args)
    if not os.path.exists(args.records):
        study.real_clips()
    for seconds in args.seconds:
        study.long(caches, seconds)
        if seconds == args.seconds[0] and not args.no_switch:
            study.switch(caches)


if __name__ == "__main__":
    main()
