"""Points of rendered clips, and which of them a clip is told of: people drag few of them, hold some
still, move the camera, or ask for nothing at all."""

from concurrent.futures import ThreadPoolExecutor

import torch

from common import CHUNK, CLIP_FRAMES, FPS, HEIGHT, WIDTH
from data import SILENT, WRONG_ALL, WRONG_CAMERA
from nets.tracks import IDS

POINTS = 192
WARM_UP = 3  # frames at the beginning that are never shown


class Tracks:
    """Of the clips of these seeds: places [n, T, N, 2] (0 and 1 the middles of the outermost latent
    cells), visible [n, T, N], and the object that each point is on [n, N], -1 for the ground."""

    def __init__(self, world, seeds, device, points=POINTS):
        with ThreadPoolExecutor(16) as pool:
            rows = list(pool.map(lambda seed: world.tracks(seed, CLIP_FRAMES, HEIGHT, WIDTH, FPS, points), seeds))
        pixels, visible, slots = (torch.stack(r) for r in zip(*rows))
        size = torch.tensor([WIDTH, HEIGHT])
        self.places = ((pixels - 4) / (size - 8)).clamp(-8, 8).half().to(device)
        self.visible = visible.bool().to(device)
        self.visible[:, :WARM_UP] = False
        self.slots = slots.to(device)

    def all(self, index):
        """Everything that is visible, under random ids."""
        ids = torch.randint(IDS, (len(index), self.slots.shape[1]), device=index.device)
        return self.places[index].float(), self.visible[index], ids

    def asked(self, index, segment):
        """What somebody might ask of these clips: none, many points, a few of one object with or without
        some of the ground, or, for the camera's sake, the ground with or without objects; for the whole clip, from a later
        chunk on, as a hand comes to a take that runs, or let go of for some chunks.

        Returns the points and how each clip's caption should be wrong (`data.Captions.batch`), -1 for not at all: what
        a hand does stands in no caption. `segment` [n, chunks] is the captions'; those silent about a change are asked
        for something from then on."""
        places, visible, ids = self.all(index)
        n, points = ids.shape
        device = index.device
        kind = torch.rand(n, 1, device=device)
        ground = self.slots[index] < 0
        chosen_slot = self.slots[index].gather(1, 2 * torch.randint(points // 2, (n, 1), device=device))
        few = torch.rand(n, points, device=device) < torch.rand(n, 1, device=device) ** 2 * 0.4
        many = torch.rand(n, points, device=device) < 0.3 + 0.7 * torch.rand(n, 1, device=device)
        one = (self.slots[index] == chosen_slot.clamp(min=0)) & few
        also_ground = ground & few & (torch.rand(n, 1, device=device) < 0.5)
        scene = many & (ground | (torch.rand(n, 1, device=device) < 0.5))
        keep = torch.where(kind < 0.4, torch.zeros_like(few),
                           torch.where(kind < 0.5, many, torch.where(kind < 0.75, one | also_ground, scene)))
        wrong = torch.where(kind < 0.5, WRONG_ALL, torch.where(kind < 0.75, chosen_slot.clamp(min=0), WRONG_CAMERA))
        late = (segment[:, -1:] == 1) & (torch.rand(n, 1, device=device) < 0.5)
        wrong = torch.where(late, SILENT, wrong)
        often = torch.where(kind < 0.75, 0.5, 0.75)
        misled = torch.where((kind >= 0.4) & (torch.rand(n, 1, device=device) < often), wrong, -1)
        gone = torch.rand(segment.shape, device=device) < 0.2 * (torch.rand(n, 1, device=device) < 0.5)
        begins = torch.randint(1, 4, (n, 1), device=device) * (torch.rand(n, 1, device=device) < 0.4)
        gone |= torch.arange(segment.shape[1], device=device) < begins
        held = torch.where(misled < 0, ~gone, (misled != SILENT) | (segment == 1)).repeat_interleave(4 * CHUNK, 1)
        return (places, visible & keep[:, None] & held[..., None], ids), misled[:, 0]
