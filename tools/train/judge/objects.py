"""Where one object of a clip is, whichever way it turns: told by its colours, which are read off the real clip."""

import torch

from common import CLIP_FRAMES, FPS, HEIGHT, WIDTH
from judge.asked import first_object
from tracks import WARM_UP

SHADES, LEAST = 8, 40  # of a channel; pixels that an object has at least


def shades(clip):
    """[..., 3] uint8 -> [...], one number a colour."""
    red, green, blue = (clip.long() * SHADES // 256).unbind(-1)
    return (red * SHADES + green) * SHADES + blue


def middle(mask):
    """Medians [T, 2] of the places in masks [T, H, W], in pixels, and how many there are [T]."""
    count = mask.sum((1, 2))
    median = lambda axis: (2 * mask.sum(axis).cumsum(1) >= count[:, None]).float().argmax(1) + 0.5
    return torch.stack([median(1), median(2)], -1), count


class Objects:
    """The first object of every clip of the requests that its first frame shows: the one that `few` asks for."""

    def __init__(self, requests):
        self.palettes, self.real = [], []
        slots = first_object(requests.tracks.slots, requests.tracks.visible[:, WARM_UP])
        for seed, slot in zip(requests.seeds, slots.tolist()):
            clip, ids = (x[0, WARM_UP:] for x in requests.world.render_seeds([seed], CLIP_FRAMES, HEIGHT, WIDTH, FPS, mask=True))
            own, shade = ids == slot + 1, shades(clip)
            of = lambda x: torch.bincount(x, minlength=SHADES**3)
            self.palettes.append(2 * of(shade[own]) > of(shade.flatten()))
            self.real.append(middle(own))

    def far(self, clips):
        """How far the objects of clips [n, T, H, W, 3] are from where they are in the real clips, in pixels: the mean
        over all frames that show them in both, and the share of the real clips' that the others do not."""
        far, shown, lost = [], 0, 0
        for clip, palette, (places, real) in zip(clips, self.palettes, self.real):
            at, count = middle(palette[shades(clip)])
            there, found = real >= LEAST, count >= LEAST
            far.append((at - places).norm(dim=-1)[there & found])
            shown, lost = shown + there.sum(), lost + (there & ~found).sum()
        return torch.cat(far).mean(), lost / shown
