"""Stage 1: the TAEHV-architecture autoencoder on rendered windows.

The renderer knows which pixels are objects; they are a small part of the picture and most of its
meaning, so they weigh more. Latents are held near zero mean and unit variance per channel, and a
little noise on them makes the decoder forgiving.
"""

import argparse

import torch
from torch.nn import functional as F

import parallel
from common import FPS, HEIGHT, TEST_SEEDS, TRAIN_SEEDS, WIDTH, Budget, Ema, load, save, setup, sheet, take_step, to_bytes
from nets.taehv import Taehv
from optim import optimizers_for
from world import World

WINDOW, TRIM, CROP = 20, 3, 128


def crop(rgb, mask):
    """Half of every clip's width: in most clips where the objects are, in the others anywhere."""
    columns = (mask > 0).float().mean((1, 2))  # [n, W]
    inside = F.avg_pool1d(columns[:, None], CROP, 8)[:, 0]  # [n, places]
    somewhere = torch.rand_like(inside)
    focused = torch.rand(len(inside), 1, device=inside.device) < 0.75
    first = 8 * torch.where(focused, inside + 1e-3 * somewhere, somewhere).argmax(1)
    x = first[:, None] + torch.arange(CROP, device=first.device)
    n, t, h = mask.shape[:3]
    return (rgb.gather(3, x.view(n, 1, 1, CROP, 1).expand(n, t, h, CROP, 3)),
            mask.gather(3, x.view(n, 1, 1, CROP).expand(n, t, h, CROP)))


def windows(world, seed, count, device, cropped=False):
    """frames [n, T, 3, H, W] in [0, 1] and object weight [n, T, 1, H, W] of `count` clips."""
    rgb, mask = world.render(seed, count, WINDOW, HEIGHT, WIDTH, FPS, mask=True)
    rgb[: count // 4, :TRIM] = rgb[: count // 4, TRIM:TRIM + 1]  # a still start, as from an image
    if cropped:
        rgb, mask = crop(rgb, mask)
    frames = rgb.movedim(-1, 2).to(device).float() / 255
    solid = (mask > 0).to(device).float()[:, :, None]
    weight = 1 + 5 * F.max_pool2d(solid.flatten(0, 1), 5, 1, 2).view_as(solid)
    return frames, weight


def edges(x):
    return x[..., 1:, 1:] - x[..., :-1, 1:], x[..., 1:, 1:] - x[..., 1:, :-1]


def reconstruction_loss(y, x, weight):
    weight = weight / weight.mean()
    loss = ((y - x).abs() * weight).mean()
    for a, b in zip(edges(y), edges(x)):
        loss = loss + ((a - b).abs() * weight[..., 1:, 1:]).mean()
    return loss


def psnr(y, x, weight=None):
    error = (y.clamp(0, 1) - x).pow(2).mean(2, keepdim=True)
    error = error.mean() if weight is None else error[weight > 1].mean()
    return -10 * torch.log10(error)


@torch.no_grad()
def evaluate(model, world, device, picture):
    scores = []
    for i in range(8):
        x, weight = windows(world, TEST_SEEDS + 16 * i, 16, device)
        with torch.autocast(device, torch.bfloat16):
            y = model.decode(model.encode(x)).float()
        x, y, weight = x[:, TRIM:], y[:, TRIM:], weight[:, TRIM:]
        scores.append([psnr(y, x), psnr(y, x, weight), psnr(y[:, 0], x[:, 0])])
    rows = [to_bytes(torch.cat([c[n, [0, 8, 16]] for c in (x, y)])) for n in range(4, 12)]
    sheet(picture, rows)
    names = ("psnr", "psnr_objects", "psnr_first_frame")
    return dict(zip(names, torch.tensor(scores).mean(0).tolist()))


def statistics(model, world, device):
    """Per-channel mean and deviation of the latents over whole clips."""
    with torch.no_grad(), torch.autocast(device, torch.bfloat16):
        z = torch.cat([model.encode(windows(world, TRAIN_SEEDS + 10**7 + 16 * i, 16, device)[0]).float()
                       for i in range(16)])
    return z.mean((0, 1, 3, 4)), z.std((0, 1, 3, 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--resume", help="weights to start from")
    parser.add_argument("--out", default="out/vae")
    args = parser.parse_args()
    device, world = setup(), World()
    model = Taehv().to(device, memory_format=torch.channels_last)
    if args.resume:
        load(args.resume, model)
    optimizers = optimizers_for([parallel.share(model)], lr_matrix=args.lr, lr_other=args.lr / 3)
    ema = Ema(model, 0.998)

    def step(x, weight):
        with torch.autocast(device, torch.bfloat16):
            z = model.encode(x)
            noise = 0.1 * torch.rand(z.shape[0], 1, 1, 1, 1, device=device) * torch.randn_like(z)
            y = model.decode(z + noise)
        z, y = z.float(), y.float()[:, TRIM:]
        mean, deviation = z.mean((0, 1, 3, 4)), z.std((0, 1, 3, 4))
        moments = (mean**2 + (deviation - 1) ** 2).mean() + 0.1 * F.relu(z.abs() - 3).pow(2).mean()
        loss = reconstruction_loss(y, x[:, TRIM:], weight[:, TRIM:])
        return loss + 0.02 * moments, loss, moments

    run = torch.compile(step) if device == "cuda" else step
    budget, seed = Budget(args.minutes, warmup_steps=300), TRAIN_SEEDS + 10**9 + 10**8 * parallel.RANK
    while budget.next(optimizers):
        x, weight = windows(world, seed, args.batch, device, cropped=True)
        seed += args.batch
        total, loss, moments = run(x, weight)
        take_step(optimizers, total, model)
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(loss=loss, moments=moments)
        if budget.step % 1000 == 0:
            save(args.out, model, torch.float32)
    ema.swap()
    if parallel.RANK == 0:
        save(args.out, model, torch.float32)
        mean, deviation = statistics(model, world, device)
        torch.save((mean.cpu(), deviation.cpu()), f"{args.out}.statistics.pt")
        print(evaluate(model, world, device, f"{args.out}.jpg"), flush=True)
        print("latents", mean.tolist(), deviation.tolist(), flush=True)


if __name__ == "__main__":
    main()
