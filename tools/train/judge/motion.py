"""How well a model moves what it is asked to move: requested points are followed in what it made
(`tracker.py`) on clips whose tracks are exact.

Prints one JSON line a set and kind of request: the mean distance to the requested places in pixels (EPE),
that of the first and last second, and what the judge's features say of the distance to the real clip.
Sets: `real` (the tracker's own error), `student`, `free` (the same without tracks), `videos` (what `longtake`
made of the files that `requests` writes).
"""

import argparse
import json
import os
import sys

import numpy as np
import torch
from PIL import Image, ImageDraw

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, LATENT_FRAMES, TEST_SEEDS, WIDTH, common_arguments, load, setup, to_bytes  # noqa: E402
from data import decode  # noqa: E402
from flow import roll_out  # noqa: E402
from judge.evaluate import read_frames  # noqa: E402
from judge.network import Labels, select  # noqa: E402
from judge.tracker import Tracker, pixels, retrack  # noqa: E402
from judge.train import new_judge  # noqa: E402
from teacher import Model, encoded, load_vae  # noqa: E402
from text import Tokenizer  # noqa: E402
from tracks import IDS, Tracks  # noqa: E402
from world import World  # noqa: E402

KINDS = ("grid", "few", "camera", "mixed")
BATCH = 32


def requested(kind, slots, visible):
    """Which of a clip's points [n, N] that its first frame shows are asked for: all; four of one object; those of
    the ground; the last two."""
    first = visible[:, 0]
    nearest = slots.masked_fill((slots < 0) | ~first, 99).amin(1, keepdim=True)
    few = first & (slots == nearest)
    few &= few.cumsum(1) <= 4
    ground = first & (slots < 0)
    return {"grid": first, "few": few, "camera": ground, "mixed": few | ground}[kind]


class Requests:
    def __init__(self, world, count, device):
        self.seeds, scripts = Labels(world, 0, device).select(TEST_SEEDS + 5 * 10**6, count, CLIP_FRAMES)
        self.prompts = [world.caption(s, 0, 0) for s in scripts]
        self.tracks = Tracks(world, self.seeds, device)
        generator = torch.Generator().manual_seed(0)
        self.ids = torch.randint(IDS, self.tracks.slots.shape, generator=generator).to(device)

    def of(self, kind, part):
        """places, visible and ids, whole clips with the warm-up."""
        visible = self.tracks.visible[part]
        keep = requested(kind, self.tracks.slots[part], visible[:, 3:])
        return self.tracks.places[part].float(), visible & keep[:, None], self.ids[part]

    def write(self, folder):
        """What `longtake generate --tracks` reads, and the prompts."""
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/prompts.txt", "w") as f:
            f.write("\n".join(self.prompts) + "\n")
        for kind in KINDS:
            places, visible, _ = self.of(kind, slice(None))
            for i, (p, v) in enumerate(zip(pixels(places[:, 3:]).cpu(), visible[:, 3:].cpu())):
                there = v.any(0)
                np.savez_compressed(f"{folder}/{kind}_{i:03d}.npz", tracks=p[:, there].numpy(),
                                    visibility=v[:, there].numpy(), size=np.array([WIDTH, HEIGHT]), frame_rate=FPS)


class Sets:
    def __init__(self, args, world, requests, device):
        self.args, self.world, self.requests, self.device = args, world, requests, device
        self.vae, self.statistics = load_vae(args.vae, device)
        self.tokenizer, self.model, self.freely = Tokenizer(args.tokenizer), None, {}

    def real(self, kind, part):
        return self.world.render_seeds(self.requests.seeds[part], CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, 3:]

    @torch.no_grad()
    def student(self, kind, part, told=True):
        self.model = self.model or load(self.args.student, Model()).to(self.device).eval()
        prompts = self.requests.prompts[part]
        generator = torch.Generator(self.device).manual_seed(part.start)
        noise = torch.randn(len(prompts), LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=self.device,
                            generator=generator)
        caption = torch.arange(len(prompts), device=self.device)[:, None].expand(-1, LATENT_FRAMES // 3)
        with torch.autocast(self.device, torch.bfloat16):
            text = self.model.text(self.tokenizer(prompts).to(self.device))
        asked = encoded(self.model, self.requests.of(kind, part)) if told else None
        latents, _ = roll_out(self.model.transformer, noise, text, caption, tracks=asked)
        return to_bytes(decode(self.vae, self.statistics, latents))

    def free(self, kind, part):
        if part.start not in self.freely:
            self.freely[part.start] = self.student(kind, part, told=False)
        return self.freely[part.start]

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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", choices=["requests", "real", "student", "free", "videos"])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--requests", default="out/requests", help="folder for what `requests` writes")
    parser.add_argument("--tracker", default="out/tracker")
    parser.add_argument("--judge", default="out/judge")
    parser.add_argument("--student", default="out/student")
    parser.add_argument("--videos", default="out/motion", help="folder of KIND_000 ...: PNG frames")
    parser.add_argument("--sheets", default="out/motion", help="where pictures of requested and found points go")
    common_arguments(parser)
    args = parser.parse_args()
    device, world = setup(), World()
    requests = Requests(world, args.clips, device)
    if args.sets == ["requests"]:
        requests.write(args.requests)
        return
    tracker = load(args.tracker, Tracker()).to(device).eval()
    judge = load(args.judge, new_judge(world)).to(device).eval()
    sets = Sets(args, world, requests, device)

    @torch.no_grad()
    def look(clips):
        return torch.nn.functional.normalize(judge.trunk(select(clips)), dim=1)

    for name in args.sets:
        for kind in KINDS:
            far, seen, unlike = [], [], []
            for i in range(0, args.clips, BATCH):
                part = slice(i, min(i + BATCH, args.clips))
                clips = getattr(sets, name)(kind, part)
                places, visible, _ = requests.of(kind, part)
                places, visible = pixels(places[:, 3:]), visible[:, 3:]
                found = torch.cat([retrack(tracker, c[None].movedim(-1, 2).float() / 255, p[None, 0])
                                   for c, p in zip(clips, places)])
                far.append((found - places).norm(dim=-1))
                seen.append(visible)
                unlike.append((look(clips) - look(sets.real(kind, part))).square().sum(1).mean((1, 2, 3)))
                if i == 0:
                    os.makedirs(args.sheets, exist_ok=True)
                    overlay(f"{args.sheets}/{name}_{kind}.jpg", clips[:5], places, found, visible)
            far, seen = torch.cat(far), torch.cat(seen)
            error = lambda part: far[:, part][seen[:, part]].mean().item()
            second = int(FPS)
            print(json.dumps(dict(set=name, kind=kind, clips=args.clips, epe=round(error(slice(None)), 3),
                                  first_second=round(error(slice(0, second)), 3),
                                  last_second=round(error(slice(-second, None)), 3),
                                  unlike=round(torch.cat(unlike).mean().item(), 4))), flush=True)


if __name__ == "__main__":
    main()
