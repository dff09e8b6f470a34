"""gsplat's test scene (138,766 Gaussians, test_garden.npz): `longtake render` beside gsplat's mathematics.

Run from the repository root:
    python3 tests/parity/gsplat_garden.py LONGTAKE_BINARY test_garden.npz [--device cpu|cuda] [--out DIR] [--records FILE]
Needs torch, gsplat (its PyTorch functions, which run without CUDA), Pillow and numpy. Shapes,
rotations and opacities are drawn as gsplat's own tests draw them. gsplat projects; here its sums along the
rays are taken tile by tile. Prints, and appends as JSON lines, per camera: the mean and the largest
difference of the 8-bit pictures, and the share of values that differ by more than one step.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy
import torch
from gsplat.cuda._torch_impl import _fully_fused_projection, _quat_scale_to_covar_preci
from PIL import Image

from records import teller

TILE, NEAR, FAR, BLUR, FAINTEST, DENSEST, DONE = 16, 0.01, 1e10, 0.3, 1 / 255, 0.999, 1e-4
DC = 0.28209479177387814  # the constant harmonic


def scene(path):
    data = numpy.load(path)
    torch.manual_seed(42)
    count = len(data["means3d"])
    g = dict(means=torch.from_numpy(data["means3d"]), colours=torch.from_numpy(data["colors"]).float() / 255,
             scales=torch.rand(count, 3) * 0.02,
             rotations=torch.nn.functional.normalize(torch.randn(count, 4), dim=-1),
             opacities=torch.rand(count))
    return g, data["viewmats"], data["Ks"], int(data["width"]), int(data["height"])


def write_ply(path, g):
    columns = torch.cat([g["means"], (g["colours"] - 0.5) / DC, torch.logit(g["opacities"])[:, None],
                         g["scales"].log(), g["rotations"]], 1).numpy().astype("<f4")
    names = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
             "rot_0", "rot_1", "rot_2", "rot_3"]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(columns)}",
              *(f"property float {n}" for n in names), "end_header\n"]
    path.write_bytes("\n".join(header).encode() + columns.tobytes())


def write_cameras(folder, views, ks, width, height):
    """transforms.json, camera to world with OpenGL's axes; its pictures are not looked at."""
    frames = []
    for i, (view, k) in enumerate(zip(views, ks)):
        pose = numpy.linalg.inv(view.astype(float)) @ numpy.diag([1.0, -1, -1, 1])
        Image.new("RGB", (width, height)).save(folder / f"{i}.png")
        frames.append(dict(file_path=f"{i}.png", transform_matrix=pose.tolist(), w=width, h=height,
                           fl_x=float(k[0, 0]), fl_y=float(k[1, 1]), cx=float(k[0, 2]), cy=float(k[1, 2])))
    (folder / "transforms.json").write_text(json.dumps(dict(frames=frames)))


def picture(g, view, k, width, height):
    """[H, W, 3] by gsplat's projection and the sums of its forward pass, on black."""
    covariances, _ = _quat_scale_to_covar_preci(g["rotations"], g["scales"], True, False)
    radii, centres, depths, conics, _ = _fully_fused_projection(
        g["means"], covariances, torch.from_numpy(view)[None], torch.from_numpy(k)[None], width, height,
        eps2d=BLUR, near_plane=NEAR, far_plane=FAR)
    seen = torch.nonzero((radii[0] > 0).all(-1))[:, 0]
    seen = seen[torch.argsort(depths[0, seen], stable=True)]
    centre, conic, reach = centres[0, seen], conics[0, seen], radii[0, seen].float()
    opacity, colour = g["opacities"][seen], g["colours"][seen]
    out = torch.zeros(height, width, 3)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            y, x = torch.meshgrid(torch.arange(top, min(top + TILE, height)),
                                  torch.arange(left, min(left + TILE, width)), indexing="ij")
            near = ((centre + reach > torch.tensor([left, top])).all(-1) &
                    (centre - reach < torch.tensor([left + TILE, top + TILE])).all(-1))
            dx = x.reshape(-1, 1) + 0.5 - centre[near, 0]
            dy = y.reshape(-1, 1) + 0.5 - centre[near, 1]
            a, b, c = conic[near].unbind(-1)
            power = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
            alpha = (opacity[near] * torch.exp(-power)).clamp(max=DENSEST)
            alpha = torch.where((power < 0) | (alpha < FAINTEST), 0, alpha)
            left_over = torch.cumprod(1 - alpha, 1)
            before = torch.cat([torch.ones(len(alpha), 1), left_over[:, :-1]], 1)
            weight = alpha * before * (left_over > DONE)
            out[y, x] = (weight @ colour[near]).reshape(*y.shape, 3)
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("scene")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--out", help="folder for the pictures, ours beside gsplat's")
    parser.add_argument("--records")
    o = parser.parse_args()
    say = teller(o.records)
    g, views, ks, width, height = scene(o.scene)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "cameras").mkdir()
        write_ply(folder / "garden.ply", g)
        write_cameras(folder / "cameras", views, ks, width, height)
        subprocess.run([o.binary, "render", folder / "garden.ply", "--cameras", folder / "cameras", "--near",
                        str(NEAR),
                        "--device", o.device, "-o", f"{folder}/ours/"], check=True)
        for i, ours in enumerate(sorted((folder / "ours").glob("*.png"))):
            mine = torch.from_numpy(numpy.array(Image.open(ours))).int()
            theirs = (picture(g, views[i], ks[i], width, height).clamp(0, 1) * 255).round().int()
            off = (mine - theirs).abs()
            say(what="test_garden.npz against gsplat's projection and sums, steps of 8 bits", device=o.device,
                camera=i, mean=off.float().mean().item(), largest=off.max().item(),
                share_beyond_one=(off > 1).float().mean().item())
            if o.out:
                pathlib.Path(o.out).mkdir(exist_ok=True)
                both = torch.cat([mine, theirs], 1).to(torch.uint8).numpy()
                Image.fromarray(both).save(pathlib.Path(o.out) / f"garden_{i}.png")


if __name__ == "__main__":
    main()
