"""How fast gsplat is on the scenes of raster_cuda_bench, and how far its pictures are from ours.

    raster_cuda_bench /tmp/scenes && python3 tests/gaussians/bench/gsplat_bench.py /tmp/scenes

needs torch with CUDA, safetensors and gsplat. Prints a line of JSON for each scene, size and mode;
activations are made beforehand and not timed.
"""

import json
import pathlib
import statistics
import sys

import gsplat
import torch
from safetensors.torch import load_file

WARM_UP, REPEATS = 10, 50


def milliseconds(work):
    """The median of single calls, and the mean of calls in a row."""
    for _ in range(WARM_UP):
        work()
    times = []
    for _ in range(REPEATS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(REPEATS):
        work()
    end.record()
    end.synchronize()
    return statistics.median(times), start.elapsed_time(end) / REPEATS


def measure(path, packed):
    columns = load_file(path, device="cuda")
    parameters = [
        columns["means"], columns["rotations"], columns["log_scales"].exp(),
        columns["opacities"].sigmoid(),
        torch.cat([columns["sh_dc"][:, None], columns["sh_rest"]], 1)]
    for name in [n for n in columns if n.startswith("picture_")]:
        width, height = (int(v) for v in name.removeprefix("picture_").split("x"))
        focal = 0.6 * width  # camera_of in raster_cuda_bench.cpp
        k = torch.tensor([[[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]],
                         device="cuda", dtype=torch.float32)
        view = torch.eye(4, device="cuda")[None]

        def render():
            return gsplat.rasterization(*parameters, view, k, width, height, near_plane=0.01,
                                        sh_degree=3, packed=packed, render_mode="RGB+D")

        def forward():
            with torch.no_grad():
                return render()

        def both():
            for p in parameters:
                p.grad = None
            render()[0][..., :3].sum().backward()

        for p in parameters:
            p.requires_grad_(False)
        picture = forward()[0][0, ..., :3].permute(2, 0, 1)
        off = (picture - columns[name]).abs()
        line = dict(gsplat=gsplat.__version__, packed=packed, gaussians=len(parameters[0]),
                    width=width, height=height, max_difference=off.max().item(),
                    mean_difference=off.mean().item())
        del picture, off
        line["forward_ms"], line["forward_in_a_row_ms"] = milliseconds(forward)
        for p in parameters:
            p.requires_grad_(True)
        line["both_ms"], line["both_in_a_row_ms"] = milliseconds(both)
        print(json.dumps(line), flush=True)


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors"), key=lambda p: int(p.stem)):
        for packed in (False, True):
            measure(path, packed)
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
