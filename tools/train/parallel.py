"""One process a GPU (torchrun): each has clips of its own, gradients are averaged.

Alone, every function here does nothing.
"""

import datetime
import os

import torch
from torch import distributed as dist

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def start():
    """Joins the other processes; returns this one's device."""
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    if WORLD > 1:
        dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=datetime.timedelta(minutes=5))
    return "cuda" if cuda else "cpu"


def say(*words):
    if RANK == 0:
        print(*words, flush=True)


def share(module):
    """Gives every process the first one's weights."""
    if WORLD > 1:
        for p in module.state_dict().values():
            dist.broadcast(p, 0)
    return module


def average_gradients(params):
    if WORLD == 1:
        return
    grads = [p.grad for p in params if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= WORLD
    torch._foreach_copy_(grads, [f.view_as(g) for f, g in zip(flat.split([g.numel() for g in grads]), grads)])


def agree(value):
    """The first process's number, in all of them."""
    if WORLD == 1:
        return value
    number = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(number, 0)
    return number.item()
