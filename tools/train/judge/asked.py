"""Held-out clips whose tracks are exact, and which of their points are asked for."""

import os

import numpy as np
import torch

from common import CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, WIDTH
from data import RESTS, STATIC
from judge.network import Labels
from nets.tracks import IDS
from tracks import WARM_UP, Tracks

KINDS = ("grid", "few", "camera", "mixed")
MOTION_SEEDS, TRACKER_SEEDS = TEST_SEEDS + 5 * 10**6, TEST_SEEDS + 6 * 10**6


def pixels(places):
    """Pixels of what `Tracks` holds; where hidden points went far outside of the picture does not matter."""
    size = torch.tensor([WIDTH, HEIGHT], device=places.device)
    return places.float().clamp(-0.1, 1.1) * (size - 8) + 4


def first_object(slots, first):
    """The first object [n] of which the first frame shows points [n, N]; 99 of none."""
    return slots.masked_fill((slots < 0) | ~first, 99).amin(1)


def requested(kind, slots, visible):
    """Which of a clip's points [n, N] that its first frame shows are asked for: all; four of one object; those of
    the ground; the last two."""
    first = visible[:, 0]
    few = first & (slots == first_object(slots, first)[:, None])
    few &= few.cumsum(1) <= 4
    ground = first & (slots < 0)
    return {"grid": first, "few": few, "camera": ground, "mixed": few | ground}[kind]


class Requests:
    def __init__(self, world, count, device, first_seed=MOTION_SEEDS, still=False):
        """With `still` prompts say that everything rests, whatever moves in the clip."""
        self.world = world
        self.seeds, scripts = Labels(world, 0, device).select(first_seed, count, CLIP_FRAMES)
        for segment in (s.segments[0] for s in scripts if still):
            segment.camera = STATIC
            for thing in segment.objects:
                thing.motion = RESTS
        self.prompts = [world.caption(s, 0, 0) for s in scripts]
        self.tracks = Tracks(world, self.seeds, device)
        generator = torch.Generator().manual_seed(0)
        self.ids = torch.randint(IDS, self.tracks.slots.shape, generator=generator).to(device)

    def clips(self, part=slice(None)):
        """With the warm-up."""
        return self.world.render_seeds(self.seeds[part], CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0]

    def of(self, kind, part=slice(None)):
        """places, visible and ids, whole clips with the warm-up."""
        visible = self.tracks.visible[part]
        keep = requested(kind, self.tracks.slots[part], visible[:, WARM_UP:])
        return self.tracks.places[part].float(), visible & keep[:, None], self.ids[part]

    def seen(self, kind, part=slice(None)):
        """places in pixels and visible, of what is shown."""
        places, visible, _ = self.of(kind, part)
        return pixels(places[:, WARM_UP:]), visible[:, WARM_UP:]

    def write(self, folder):
        """What `longtake generate --tracks` reads, and the prompts."""
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/prompts.txt", "w") as f:
            f.write("\n".join(self.prompts) + "\n")
        for kind in KINDS:
            for i, (p, v) in enumerate(zip(*(x.cpu() for x in self.seen(kind)))):
                there = v.any(0)
                np.savez_compressed(f"{folder}/{kind}_{i:03d}.npz", tracks=p[:, there].numpy(),
                                    visibility=v[:, there].numpy(), size=np.array([WIDTH, HEIGHT]), frame_rate=FPS)
