"""Muon for matrices and convolutions inside, AdamW for everything else."""

import torch


def orthogonalize(g, steps=5):
    """Newton-Schulz iteration towards the nearest semi-orthogonal matrices: [n, rows, cols]."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized; the update has the root mean square of AdamW's (0.2). The kernel of a
    convolution counts as a matrix [out, in * kh * kw]."""

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, base_lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = {}
            for p in group["params"]:
                if p.grad is not None:
                    by_shape.setdefault(p.shape, []).append(p)
            for shape, params in by_shape.items():
                grads = [p.grad for p in params]
                buffers = [self.state[p].setdefault("momentum", torch.zeros_like(p)) for p in params]
                torch._foreach_lerp_(buffers, grads, 1 - group["momentum"])
                nesterov = torch.stack(torch._foreach_lerp(grads, buffers, group["momentum"])).flatten(2)
                update = orthogonalize(nesterov) * (0.2 * max(nesterov.shape[1:]) ** 0.5)
                torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(params, list(update.to(params[0].dtype).reshape(-1, *shape).unbind(0)),
                                    alpha=-group["lr"])


def adamw(params, lr, betas=(0.9, 0.95)):
    params = [p for p in params if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=lr, betas=betas, weight_decay=0.0, fused=params[0].is_cuda)
    for g in optimizer.param_groups:
        g["base_lr"] = g["lr"]
    return optimizer


def optimizers_for(modules, lr_matrix=2e-3, lr_other=1e-3, weight_decay=0.01):
    """Muon over the matrices inside a `blocks` list and wide convolutions, AdamW over the rest."""
    matrices, others = [], []
    for module in modules:
        for name, p in module.named_parameters():
            if p.requires_grad:
                inside = ".block" in f".{name}" and p.ndim == 2 and "relative_attention" not in name
                wide = p.ndim == 4 and min(p.shape[:2]) >= 16
                (matrices if inside or wide else others).append(p)
    return [Muon(matrices, lr_matrix, weight_decay=weight_decay), adamw(others, lr_other)]
