"""How well a model moves what it is asked to move: requested points are followed in what it made
(`tracker_network.py`) on clips whose tracks are exact.

Prints one JSON line a set and kind of request: the distance to the requested places in pixels, its mean (EPE), median
and the share of those within 3, the mean of the first and last second; the same of points until they are first hidden
(`unbroken`) and until the tracker first loses them in the real clip (`trusted`); what the judge's features say of the
distance to the real clip; and for `few` how far the middle of the object is, told by its colours (`objects.py`).
Sets: `real` (the tracker's own error), `reconstruction` (that after the autoencoder), `teacher`, `student`, `free`
(the student without tracks), `videos` (what `longtake` made of the files that `requests` writes).

From a prompt alone nothing says what is at the places that are asked for when a clip begins. With `--given` models go on
from the first chunk of the real clip, as whoever paints on a picture has it, and MotionStream, too. Prompts tell most of
what moves, and first chunks do; with `--still` they say that everything rests, as who drags or steers a camera writes
nothing of it.
"""

import argparse
import json
import os
import sys

import numpy as np
import torch
from PIL import Image, ImageDraw

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CHUNK, FPS, HEIGHT, WIDTH, common_arguments, load, setup  # noqa: E402
from data import encode, reconstruct  # noqa: E402
from judge.asked import KINDS, Requests  # noqa: E402
from judge.evaluate import read_frames  # noqa: E402
from judge.network import select  # noqa: E402
from judge.objects import Objects  # noqa: E402
from judge.sampler import Sampler  # noqa: E402
from judge.tracker_network import Tracker, retrack  # noqa: E402
from judge.train import new_judge  # noqa: E402
from teacher import load_vae  # noqa: E402
from tracks import WARM_UP  # noqa: E402
from world import World  # noqa: E402

BATCH, UNTOLD = 32, ("real", "reconstruction", "free")  # sets that are the same whatever is asked
NEAR = 3.0  # pixels: what counts as there


class Sets:
    """Clips [n, T, H, W, 3] of a part of the requests."""

    def __init__(self, args, requests, device):
        self.args, self.requests, self.device = args, requests, device
        self.vae, self.statistics = load_vae(args.vae, device)
        self.sample = Sampler(vars(args), self.vae, self.statistics, args.tokenizer, device, args.guidance)

    def real(self, kind, part):
        return self.requests.clips(part)[:, WARM_UP:]

    def reconstruction(self, kind, part):
        return reconstruct(self.vae, self.statistics, self.requests.clips(part))

    @torch.no_grad()
    def generated(self, name, kind, part, told=True):
        points = self.requests.of(kind, part) if told else None
        first = encode(self.vae.encode, self.statistics, self.requests.clips(part)[:, :4 * CHUNK]) if self.args.given else None
        return self.sample(name, self.requests.prompts[part], seed=part.start, points=points, first=first)

    def teacher(self, kind, part):
        return self.generated("teacher", kind, part)

    def student(self, kind, part):
        return self.generated("student", kind, part)

    def free(self, kind, part):
        return self.generated("student", kind, part, told=False)

    def videos(self, kind, part):
        return torch.stack([read_frames(f"{self.args.videos}/{kind}_{i:03d}")
                            for i in range(part.start, part.stop)]).to(self.device)


def overlay(path, clips, places, found, visible, moments=5):
    """Requested points (cyan) beside where the tracker found them (yellow): a row a clip."""
    rows = []
    for clip, want, got, seen in zip(clips.cpu().numpy(), places.cpu(), found.cpu(), visible.cpu()):
        row = []
        for t in np.linspace(0, len(clip) - 1, moments).astype(int):
            picture = Image.fromarray(clip[t]).resize((2 * WIDTH, 2 * HEIGHT))
            draw = ImageDraw.Draw(picture)
            for w, g in zip((2 * want[t][seen[t]]).tolist(), (2 * got[t][seen[t]]).tolist()):
                draw.line([*w, *g], fill=(255, 255, 255))
                draw.ellipse([w[0] - 3, w[1] - 3, w[0] + 3, w[1] + 3], outline=(0, 255, 255))
                draw.ellipse([g[0] - 2, g[1] - 2, g[0] + 2, g[1] + 2], fill=(255, 220, 0))
            row.append(np.asarray(picture))
        rows.append(np.concatenate(row, 1))
    Image.fromarray(np.concatenate(rows)).save(path, quality=88)


def summary(far, seen):
    """far, seen [n, T, N]: of the places that are seen."""
    second, every = int(FPS), far[seen]
    mean = lambda part: far[:, part][seen[:, part]].mean()
    return dict(epe=every.mean(), median=every.median(), near=(every < NEAR).float().mean(),
                first_second=mean(slice(0, second)), last_second=mean(slice(-second, None)))


class Ruler:
    """Follows the points of the first frame in all clips of a set."""

    def __init__(self, tracker, judge, sets, requests, given):
        self.tracker, self.judge, self.sets, self.requests, self.given = tracker, judge, sets, requests, given
        self.known = {}
        self.objects = Objects(requests)

    def follow(self, name, kind):
        """Clips [n, T, H, W, 3], and where all points that the real first frame shows are in them [n, T, N, 2]."""
        if name in self.known:
            return self.known[name]
        count = len(self.requests.seeds)
        clips = torch.cat([getattr(self.sets, name)(kind, slice(i, min(i + BATCH, count))) for i in range(0, count, BATCH)])
        places, visible = self.requests.seen("grid")
        answer = clips, retrack(self.tracker, clips, places[:, 0], visible[:, 0])
        if name in UNTOLD:
            self.known[name] = answer
        return answer

    @torch.no_grad()
    def look(self, clips):
        return torch.cat([torch.nn.functional.normalize(self.judge.trunk(select(c)), dim=1) for c in clips.split(BATCH)])

    def measure(self, name, kind, sheet):
        clips, found = self.follow(name, kind)
        real, there = self.follow("real", kind)
        places, seen = self.requests.seen(kind)
        made = seen.clone()  # by the model
        if self.given:
            made[:, :4 * CHUNK - WARM_UP] = False
        off = (there - places).norm(dim=-1)
        far = (found - places).norm(dim=-1)
        of = dict(unbroken=made & (seen.cumprod(1) > 0), trusted=made & ((off * seen).cummax(1).values < NEAR))
        overlay(sheet, clips[:5], places, found, seen)
        row = summary(far, made)
        for which, part in of.items():
            answer = summary(far, part)
            row |= {which: part.sum() / made.sum(), **{f"{which}_{k}": answer[k] for k in ("epe", "median", "near")}}
        if kind == "few":
            row |= zip(("object", "object_lost"), self.objects.far(clips))
        row["unlike"] = (self.look(clips) - self.look(real)).square().sum(1).mean()
        return dict(set=name, kind=kind, given=self.given, still=self.sets.args.still, clips=len(clips),
                    **{k: round(v.item(), 3) for k, v in row.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", choices=["requests", "real", "reconstruction", "teacher", "student", "free", "videos"])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--given", action="store_true",
                        help="models go on from the real clip's first chunk, and what comes after it counts")
    parser.add_argument("--still", action="store_true", help="prompts say that everything rests: tracks alone tell of motion")
    parser.add_argument("--requests", default="out/requests", help="folder for what `requests` writes")
    parser.add_argument("--tracker", default="out/tracker")
    parser.add_argument("--judge", default="out/judge")
    parser.add_argument("--teacher", default="out/teacher")
    parser.add_argument("--student", default="out/student")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the teacher")
    parser.add_argument("--videos", default="out/motion", help="folder of KIND_000 ...: PNG frames")
    parser.add_argument("--sheets", default="out/motion", help="where pictures of requested and found points go")
    common_arguments(parser)
    args = parser.parse_args()
    device, world = setup(), World()
    requests = Requests(world, args.clips, device, still=args.still)
    if args.sets == ["requests"]:
        requests.write(args.requests)
        return
    tracker = load(args.tracker, Tracker()).to(device).eval()
    judge = load(args.judge, new_judge(world)).to(device).eval()
    ruler = Ruler(tracker, judge, Sets(args, requests, device), requests, args.given)
    os.makedirs(args.sheets, exist_ok=True)
    for name in args.sets:
        for kind in KINDS:
            print(json.dumps(ruler.measure(name, kind, f"{args.sheets}/{name}_{kind}.jpg")), flush=True)


if __name__ == "__main__":
    main()
