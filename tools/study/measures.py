"""What is measured on clips of takes, [takes, clips, T, H, W, 3] uint8 at half resolution."""

import torch
from torch.nn import functional as F

from judge.movement import movement
from judge.network import MOMENTS, accuracy, frechet

NEAR = 5  # seconds: frames that are nearer are no repetition


MARKS = 5, 30, 60, 300, 1800  # seconds: the lengths of takes that are reported


def clip_starts(seconds, clip):
    """Seconds at which clips of `clip` seconds begin that tell of a take at every length up to its own.

    Four of a length's last quarter, or as many as that holds, and some between it and the length before."""
    starts, before = [0.0], MARKS[0]
    for mark in sorted({m for m in MARKS if m < seconds} | {seconds}):
        quarter, many = 0.75 * mark, min(4, round(mark / 4 / clip))
        if many == 0:
            continue
        between = 2 if mark <= 60 else 4 if mark <= 300 else 6
        starts += [before + (i + 1) * (quarter - before) / (between + 1) for i in range(between)]
        starts += [mark - clip - i * (0.25 * mark - clip) / max(1, many - 1) for i in reversed(range(many))]
        before = mark
    return starts


def moments(clip):
    """[n, T, H, W, 3] uint8 -> what the judge looks at, [n, 3, 16, H, W] in [-1, 1]."""
    index = torch.linspace(0, clip.shape[1] - 1, MOMENTS, device=clip.device).round().long()
    return clip[:, index].movedim(-1, 1).float() / 127.5 - 1


@torch.no_grad()
def ask(judge, clips, batch=64):
    answers = [judge(moments(clips[i:i + batch])) for i in range(0, len(clips), batch)]
    return {k: torch.cat([a[k].float() for a in answers]) for k in answers[0]}


def most_present(answer, wanted):
    """[n, colours]: the k colours that look most present, k = how many objects were asked for."""
    rank = answer["present"].argsort(-1, descending=True).argsort(-1)
    return rank < wanted.sum(-1, keepdim=True)


def found_again(first, answer, wanted):
    """Of the objects seen in the first clip, the share seen again: of that colour, of that shape."""
    before, now = most_present(first, wanted), most_present(answer, wanted)
    same = before & now & (first["shape"].argmax(-1) == answer["shape"].argmax(-1))
    return float(same.sum() / before.sum())


def thumbnails(clip):
    """[n, T, H, W, 3] -> every fourth frame at a quarter of the size, [n, t, pixels] in levels."""
    x = clip[:, ::4].flatten(0, 1).movedim(-1, 1).float()
    return F.avg_pool2d(x, 4).flatten(1).unflatten(0, (len(clip), -1))


def nearest_before(pictures, times, k):
    """How far frames of clip k are from the nearest one at least NEAR seconds before: RMS, levels."""
    now = pictures[k]
    old = [(p, t) for p, t in zip(pictures[:k], times[:k])]
    nearest = torch.full(now.shape[:2], float("inf"), device=now.device)
    for p, t in old:
        far = (times[k][:, None] - t[None]) >= NEAR
        distance = torch.cdist(now, p) / now.shape[-1] ** 0.5
        nearest = torch.minimum(nearest, distance.masked_fill(~far.to(now.device), float("inf")).amin(-1))
    known = nearest.isfinite()
    return float(nearest[known].mean()) if known.any() else None


def curves(judge, clips, starts, truth, reference, fps):
    """One value a clip of everything, over all takes: a dict of lists.

    starts: the first frame of each clip; reference: the judge's features of real clips [m, d]."""
    wanted, scale = truth["shape"] >= 0, reference.std(0) + 1e-6
    standard = lambda x: F.normalize((x - reference.mean(0)) / scale, dim=-1)
    rows, first, pictures, times = [], None, [], []
    for k, start in enumerate(starts):
        clip = clips[:, k].to(reference.device)
        answer = ask(judge, clip)
        mean = clip.float().mean((1, 2, 3))
        if first is None:
            first, colour = answer, mean
        pictures.append(thumbnails(clip))
        times.append((start + 4 * torch.arange(pictures[-1].shape[1])) / fps)
        rows.append(dict(
            frechet=frechet(answer["feature"], reference), **accuracy(answer, truth),
            movement=2 * float(movement(clip).mean()),
            colour_drift=float((mean - colour).norm(dim=-1).mean()),
            repetition=nearest_before(pictures, times, k),
            identity=found_again(first, answer, wanted),
            similarity=float((standard(first["feature"]) * standard(answer["feature"])).sum(-1).mean())))
    return {k: [r[k] for r in rows] for k in rows[0]}


def seconds_until_seen(judge, takes, truth, fps, glimpse=16, every=8):
    """takes [n, T, H, W, 3] from the change of their prompt on: seconds until two glimpses of one second,
    half a second apart, show the new prompt's colours, sky and ground; inf if none does."""
    wanted = truth["shape"] >= 0
    right = []
    for start in range(0, takes.shape[1] - glimpse + 1, every):
        answer = ask(judge, takes[:, start:start + glimpse])
        right.append((most_present(answer, wanted) == wanted).all(-1)
                     & (answer["sky"].argmax(-1) == truth["sky"]) & (answer["ground"].argmax(-1) == truth["ground"]))
    right = torch.stack(right)
    both = right[:-1] & right[1:]
    at = torch.where(both.any(0), both.float().argmax(0) * every / fps, torch.inf)
    return at.tolist()
