"""Dense optical flow on the GPU, enough to say how much things move."""

import torch
from torch.nn import functional as F

LEVELS, ITERATIONS, WINDOW = 3, 3, 9


def gray(frames):
    """[n, H, W, 3] uint8 -> [n, 1, H, W] in [0, 1]."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=frames.device)
    return ((frames.float() @ weights) / 255)[:, None]


def sample(image, flow):
    h, w = image.shape[-2:]
    y, x = torch.meshgrid(torch.arange(h, device=image.device), torch.arange(w, device=image.device), indexing="ij")
    grid = torch.stack([(x + flow[:, 0]) / (w - 1), (y + flow[:, 1]) / (h - 1)], -1) * 2 - 1
    return F.grid_sample(image, grid, padding_mode="border", align_corners=True)


def slopes(image):
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    return (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2, (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2


def mean(x):
    return F.avg_pool2d(x, WINDOW, 1, WINDOW // 2, count_include_pad=False)


def optical_flow(a, b, still=1e-3):
    """Lucas and Kanade from coarse to fine: gray images [n, 1, H, W] -> [n, 2, H, W] pixels (x, y).

    `still` pulls the flow to zero where nothing shows which way it goes."""
    flow = None
    for level in reversed(range(LEVELS)):
        p, q = (F.avg_pool2d(i, 2**level) for i in (a, b))
        size = p.shape[-2:]
        flow = (torch.zeros(len(p), 2, *size, device=p.device) if flow is None
                else 2 * F.interpolate(flow, size, mode="bilinear", align_corners=False))
        ix, iy = slopes(p)
        xx, yy, xy = mean(ix * ix) + still, mean(iy * iy) + still, mean(ix * iy)
        for _ in range(ITERATIONS):
            it = sample(q, flow) - p
            xt, yt = mean(ix * it), mean(iy * it)
            det = xx * yy - xy * xy
            step = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], 1) / det[:, :1]
            flow = flow + step.clamp(-2, 2)
    return flow


def movement(clips, stride=4, batch=8):
    """Mean length of the flow, pixels a frame, between frames `stride` apart: clips [n, T, H, W, 3] -> [n]."""
    result = []
    for part in clips[:, ::stride].split(batch):
        n, t = part.shape[:2]
        g = gray(part.flatten(0, 1)).unflatten(0, (n, t))
        flow = optical_flow(g[:, :-1].flatten(0, 1), g[:, 1:].flatten(0, 1))
        result.append(flow.norm(dim=1).view(n, -1).mean(1) / stride)
    return torch.cat(result)
