"""Takes of many prompts under many caches, judged over time. The one command of the study:

    study.py --longtake build/cuda-release/bin/longtake --judge out/judge --minutes 8

adds to the records what is not in them yet, cache by cache, and stops before the minutes are over;
run again, it goes on. A take's clips are spread so that those of its first 5, 30, 60 and 300 s tell of
takes of that length. `report.py` makes a table and pictures of the records.
"""

import argparse
import dataclasses
import functools
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
from measures import ask, clip_starts, curves, seconds_until_seen  # noqa: E402
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
        self.frames_per_second = args.rate

    @functools.cached_property
    def reference(self):
        return torch.cat([ask(self.judge, self.real(self.reference_seeds[i:i + 20]))["feature"]
                          for i in range(0, self.args.reference, 20)])

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

    def takes(self, batch, folder):
        """Starts the program; it writes a file for each take."""
        path = os.path.join(folder, "prompts.txt")
        with open(path, "w") as f:
            f.write("\n".join(batch.prompts) + "\n")
        return subprocess.Popen(
            [self.args.longtake, "takes", "--prompts", path, "--caches", *batch.caches, "--seconds", str(batch.seconds),
             "--starts", ",".join(map(str, batch.starts)), "--length", str(batch.length),
             "--together", str(self.args.together), "-o", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def collect(self, folder, cache):
        files = sorted(os.listdir(os.path.join(folder, cache)))
        clips = torch.stack([load_file(os.path.join(folder, cache, f))["clips"] for f in files])
        shutil.rmtree(os.path.join(folder, cache))
        return clips

    def batches(self, work, caches):
        """What is not in the records yet, as many caches at a time as make takes together."""
        done = {}
        if os.path.exists(self.args.records):
            with open(self.args.records) as f:
                for r in map(json.loads, f):
                    key = r["kind"], r.get("cache")
                    done[key] = max(done.get(key, 0), r.get("seconds", 0))
        share, of = map(int, self.args.share.split("/"))
        many = max(1, self.args.together // self.args.prompts)
        for item in work:
            new = self.switch if item == "switch" else self.long
            todo = [c for c in list_of(item, caches)[share::of] if done.get((new.__name__, c), 0) < seconds_of(item)]
            for i in range(0, len(todo), many):
                yield new(todo[i:i + many], seconds_of(item))

    def run(self, batches):
        waiting = None
        judging = 5.0  # seconds it takes to judge a batch
        for batch in [*batches, None]:
            if batch and batch.frames() / self.frames_per_second + judging + 5 > self.left():
                print(f"no time for {batch.seconds:g} s of {batch.caches}", flush=True)
                continue
            began = time.time()
            if batch:
                folder = tempfile.mkdtemp(dir=self.args.scratch)
                process = self.takes(batch, folder)
            if waiting:  # what was made is judged while the next is being made
                before, where = waiting
                for cache in before.caches:
                    before.judge(cache, self.collect(where, cache))
                shutil.rmtree(where)
                judging = time.time() - began
            elif batch and not os.path.exists(self.args.records):
                self.real_clips()
            if not batch:
                break
            if process.wait():  # what is there already is not made again
                print(f"longtake ended with {process.returncode}:", process.stderr.read()[-500:], flush=True)
                process = self.takes(batch, folder)
                if process.wait():
                    raise RuntimeError(process.stderr.read()[-500:])
            self.frames_per_second = batch.frames() / (time.time() - began)
            print(f"{batch.seconds:g} s of {batch.caches}: {self.frames_per_second:.0f} frames/s, "
                  f"judged the ones before in {judging:.1f} s", flush=True)
            waiting = batch, folder

    def long(self, caches, seconds):
        starts = [round(s * FPS) for s in clip_starts(seconds, CLIP / FPS)]

        def judge(cache, clips):
            self.record(dict(kind="long", cache=cache, seconds=seconds, prompts=len(clips),
                             times=[(s + CLIP / 2) / FPS for s in starts],
                             **curves(self.judge, clips, starts, self.truth, self.reference, FPS)))

        return Batch(caches, seconds, self.prompts, starts, CLIP, judge)

    def switch(self, caches, seconds):
        """Every prompt turns into the next one: another scene altogether."""
        order = list(range(1, len(self.prompts))) + [0]
        truth = {k: v[order] for k, v in self.truth.items()}
        prompts = [f"0s: {self.prompts[i]} | {SWITCH}s: {self.prompts[j]}" for i, j in enumerate(order)]

        def judge(cache, takes):
            seen = seconds_until_seen(self.judge, takes[:, 0].to(self.device), truth, FPS)
            self.record(dict(kind="switch", cache=cache, seconds=seconds, prompts=len(takes),
                             obeyed=sum(map(math.isfinite, seen)) / len(seen),
                             median=sorted(seen)[len(seen) // 2], seen=seen))

        return Batch(caches, seconds, prompts, [round(SWITCH * FPS)], round((seconds - SWITCH) * FPS), judge)


@dataclasses.dataclass
class Batch:
    """Takes to make at a time: every prompt under each of the caches, and what is kept of them."""
    caches: list
    seconds: float
    prompts: list
    starts: list
    length: int
    judge: object

    def frames(self):
        return len(self.caches) * len(self.prompts) * self.seconds * FPS


def seconds_of(item):
    return SWITCH_TAKE if item == "switch" else float(item)


def list_of(item, caches):
    """Those that take part, in the order of the file: lines of a cache and its items."""
    return [cache for cache, *items in caches if not items or item in items]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longtake", default="longtake", help="the program")
    parser.add_argument("--judge", default="out/judge", help="weights that `tools/train/run.sh judge` wrote")
    parser.add_argument("--records", default="study.jsonl")
    parser.add_argument("--caches", default=os.path.join(HERE, "caches.txt"), help="file of caches, or one of them")
    parser.add_argument("--work", nargs="+", default=["300", "60", "1800", "switch"],
                        help="one after another, for the caches that have it: lengths of takes in seconds, or `switch`")
    parser.add_argument("--share", default="0/1", help="K/N: every N-th cache from the K-th on, for N GPUs at a time")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--reference", type=int, default=500, help="real clips that Fréchet distances are to")
    parser.add_argument("--together", type=int, default=128, help="takes at a time")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--rate", type=float, default=4000, help="frames/s to plan the first takes with")
    parser.add_argument("--scratch", default="/dev/shm", help="folder for clips that wait for the judge")
    args = parser.parse_args()
    caches = [[args.caches]]
    if os.path.exists(args.caches):
        with open(args.caches) as f:
            caches = [line.split() for line in f if line.strip() and not line.startswith("#")]
    study = Study(args)
    study.run(study.batches(args.work, caches))


if __name__ == "__main__":
    main()
