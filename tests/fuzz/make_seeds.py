"""What the fuzzers begin with: small sound files of every format, most of them fixtures of other tests.

    python tests/fuzz/make_seeds.py build/cpu-release/bin/longtake

Files named found-... are not made here: each once broke its reader.
"""
import ctypes
import ctypes.util
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
NEXT = b"\n--next--\n"


def put(target, name, data):
    path = HERE / "seeds" / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def link(target, fixture):
    source = FIXTURES / fixture
    path = HERE / "seeds" / target / source.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(source, path.parent))


def fixture(name):
    return (FIXTURES / name).read_bytes()


def safetensors(tensors):
    """Of name -> (dtype, shape), all zeros."""
    size = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1}
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        end = at + size[dtype] * int(np.prod(shape))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def smaller(checkpoint):
    """The tensors of a checkpoint's first layers, with a quarter of their extents."""
    data = fixture(checkpoint)
    header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
    return safetensors({name: ("BF16", [max(1, e // 4) for e in t["shape"]])
                        for name, t in header.items()
                        if name != "__metadata__" and ".1." not in name and ".2." not in name})


def npy(array):
    with tempfile.TemporaryFile() as file:
        np.save(file, array)
        file.seek(0)
        return file.read()


def npz(**arrays):
    with tempfile.TemporaryFile() as file:
        np.savez(file, **arrays)
        file.seek(0)
        return file.read()


def weights():
    link("safetensors", "checkpoints/everything.safetensors")
    link("torch", "checkpoints/everything_2.pt")
    link("torch", "checkpoints/everything_5.pt")
    link("torch", "checkpoints/legacy.pt")
    link("torch", "checkpoints/program.pt")
    for name in ("everything_2.pt", "everything_5.pt", "lora.pt"):
        with zipfile.ZipFile(FIXTURES / "checkpoints" / name) as archive:
            pkl = next(n for n in archive.namelist() if n.endswith("data.pkl"))
            put("pickle", name + ".pkl", archive.read(pkl))
    for name, config in (("tiny_transformer_24", "tiny_transformer_24/config.json"),
                         ("tiny_taehv", "tiny_taehv/config.json"), ("tiny_umt5", "tiny_umt5/config.json")):
        file = "model.safetensors" if name == "tiny_umt5" else "diffusion_pytorch_model.safetensors"
        put("model", name, fixture(config) + NEXT + smaller(f"{name}/{file}"))
    put("model", "original", fixture("checkpoints/wan_config.json") + NEXT +
        smaller("tiny_transformer_24_original.safetensors"))
    put("model", "index", json.dumps({"weight_map": {"a": "model.safetensors"}}) + NEXT.decode())
    put("model", "schedule", fixture("tiny_transformer_24/config.json") + NEXT +
        smaller("tiny_transformer_24/diffusion_pytorch_model.safetensors") + NEXT +
        fixture("tiny_model/scheduler/scheduler_config.json"))
    pair = {"blocks.0.self_attn.q.lora_A.weight": ("F32", [2, 4]),
            "blocks.0.self_attn.q.lora_B.weight": ("BF16", [6, 2]),
            "blocks.0.self_attn.q.alpha": ("F32", [1])}
    put("lora", "peft.safetensors", safetensors(pair))
    put("lora", "kohya.safetensors", safetensors(
        {n.replace("lora_A", "lora_down").replace("lora_B", "lora_up"): t for n, t in pair.items()}))
    put("tokenizer", "tiny", fixture("tiny_model/tokenizer/tokenizer_config.json") + NEXT +
        fixture("tiny_model/tokenizer/spiece.model"))


def texts():
    put("prompts", "one", "a red ball")
    put("prompts", "timeline", "0s: a red ball | 10s: a blue cube | 1m20s!: night")
    put("prompts", "file", "# a remark\n0s: a &amp; b\n\n01:30: “c” cafÃ©\n1:02:03!: d\n")
    take = {"longtake_take": 1, "model": "m", "device": "cpu", "precision": "fp32", "seed": 7,
            "cache": "sink:window=9", "steps": [1000, 500], "image": "a.png", "first_frame": 21,
            "frames": 24, "tracks": "take.tracks",
            "changes": [{"chunk": 0, "frame": 0, "revision": 0, "prompt": "a", "cut": False}]}
    track = {"frame": 0, "frames": 2, "ids": [4, 5], "places": [[1, 2], None, [3.5, 4], [5, 6]]}
    put("sidecars", "take", json.dumps(take) + NEXT.decode() + json.dumps(track) + "\n")
    put("sidecars", "heads", json.dumps({"layers": 2, "heads": 2, "recent": [0.1] * 4,
                                         "first": [0.2] * 4, "middle": [0.3] * 4}))
    put("sidecars", "settings", json.dumps({"width": 800, "height": 600, "timeline": True, "sidebar": False,
                                            "pixels": True, "live": "", "models": ["m"],
                                            "history": ["a"], "presets": []}))
    put("sidecars", "drift", json.dumps({"spread": [1.0, 0.5, 2.0, 1.0], "mean": -1.5, "deviation": 0.3,
                                         "correlation": 0.4}))
    put("sidecars", "script", "# remark\nwait 0.5\nframes 4\nkey Ctrl+F5\ntype a rëd ball\nmove 3 2\n"
        "doubleclick 3 2\ndrag 3 2 8 9\ndrop a.png\nsize 80 60\nfigures off\nshot b.png\n")
    put("camera_path", "path", json.dumps(
        {"up": [0, -1, 0], "near": 0.2,
         "keyframes": [{"time": t, "position": [t, 0, -4], "target": [0, 0, 0], "fov": 50}
                       for t in (0, 1, 3)]}))


def tracks():
    for number, name in ((0, "plain.npz"), (0, "wantrack.npz"), (1, "tracks.npy"), (2, "ati.pth")):
        put("tracks", name, bytes([number]) + fixture(f"tracks/{name}"))
    places = [{"x": 1 + t, "y": 2} for t in range(4)]
    put("tracks", "comfy.json", b"\3" + json.dumps([places, places]).encode())
    put("tracks", "drag.json", b"\3" + json.dumps({"0": {"trajectory": [[1, 2], [3, 4]]}}).encode())
    put("tracks", "tora.txt", b"\4" + b"1,2\n3.5,4\n10,20\n")


def motion():
    poses, lens = np.tile(np.eye(4, dtype="<f4"), (3, 1, 1)), np.array([[50, 50, 32, 24]], "<f4")
    poses[:, 0, 3] = (0, 0.1, 0.2)
    depth = np.linspace(1, 4, 24, dtype="<f4").reshape(2, 3, 4)
    put("camera_motion", "poses.npz", b"\0" + npz(poses=poses, intrinsics=lens))
    put("camera_motion", "poses.npy", b"\1" + npy(poses))
    put("camera_motion", "nerfstudio.json", b"\2" + json.dumps({"fps": 24, "camera_path": [
        {"camera_to_world": poses[i].flatten().tolist(), "fov": 50} for i in range(3)]}).encode())
    put("depth", "frames.npz", b"\0" + npz(depth=depth))
    put("depth", "frames.npy", b"\1" + npy(depth))
    put("depth", "grey.png", b"\2" + fixture("depth16.png"))


def clouds():
    link("cloud", "splats/odd.ply")
    link("cloud", "splats/packed.compressed.ply")
    link("cloud", "splats/cloud.sog")
    link("cloud", "splats/version2.spz")
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 2\n"
    names = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
             "rot_0", "rot_1", "rot_2", "rot_3"]
    floats = "".join(f"property float {n}\n" for n in names) + "end_header\n"
    put("cloud", "two.ply", (head + floats).encode() + np.ones(2 * len(names), "<f4").tobytes())
    colours = "".join(f"property double {n}\n" for n in "xyz") + "".join(
        f"property uchar {n}\n" for n in ("red", "green", "blue")) + "end_header\n"
    put("cloud", "points.ply", (head + colours).encode() + struct.pack("<3d3B", 1, 2, 3, 4, 5, 6) * 2)
    link("spz", "splats/version4.spz")
    for version in (1, 2, 3):
        put("spz", f"unpacked{version}", gzip.decompress(fixture(f"splats/version{version}.spz"))[:16]
            .replace(struct.pack("<I", 270), struct.pack("<I", 2)) + bytes(range(1, 200)))


def captures():
    half = 0.5 ** 0.5
    cameras = struct.pack("<QIiQQ4d", 2, 7, 1, 80, 60, 50, 55, 41, 29) + struct.pack(
        "<IiQQ8d", 9, 4, 80, 60, 50, 55, 41, 29, -0.1, 0.01, 0.001, -0.002)
    images = struct.pack("<QI7dI", 2, 1, half, 0, half, 0, 0.1, 0.2, 0.3, 9) + b"cam00.png\0" + struct.pack(
        "<Q", 1) + bytes(24) + struct.pack("<I7dI", 2, 2, 0, 0, 0, 1, 2, 3, 7) + b"a.png\0" + struct.pack("<Q", 0)
    points = struct.pack("<QQ3d3BdQ", 1, 1, 1, 2, 3, 10, 20, 254, 0.5, 1) + bytes(8)
    put("colmap_binary", "two", NEXT.join((cameras, images, points)))
    put("colmap_text", "two", "# cameras\n7 PINHOLE 80 60 50 55 41 29\n9 OPENCV 80 60 50 55 41 29 -0.1 0.01 0 0\n"
        + NEXT.decode() + f"1 {half} 0 {half} 0 0.1 0.2 0.3 9 cam00.png\n1.5 2.5 -1\n2 2 0 0 0 1 2 3 7 a.png\n\n"
        + NEXT.decode() + "1 1 2 3 10 20 254 0.5 1 0\n")
    pose = [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]]
    put("transforms", "all", json.dumps(
        {"w": 8, "h": 6, "fl_x": 5, "cx": 4, "cy": 3, "k1": 0.1, "camera_model": "OPENCV",
         "frames": [{"file_path": "images/cam00.png", "transform_matrix": pose}]}))
    put("transforms", "angle", json.dumps(
        {"camera_angle_x": 0.9, "ply_file_path": "p.ply",
         "frames": [{"file_path": "./images/cam00", "transform_matrix": pose, "is_fisheye": True, "k1": 0.1}]}))
    put("immersive", "one", json.dumps(
        [{"name": "cam00", "projection_type": "fisheye", "width": 8, "height": 6, "focal_length": 4,
          "principal_point": [4, 3], "radial_distortion": [0.02, -0.001, 0],
          "orientation": [0, 1.5, 0], "position": [1, 2, 3]}]))
    attributes = " ".join(f'r{i}{j}="{int(i == j)}"' for i in (1, 2, 3) for j in (1, 2, 3))
    put("qualisys", "one", "<?xml version='1.0' encoding='ASCII'?>\n<calibration><cameras><camera serial=\"a\">"
        '<fov_video bottom="63" left="0" right="79" top="0"/><transform ' + attributes +
        ' x="1" y="2" z="3"/><intrinsic centerPointU="2528" centerPointV="2016" focalLengthU="3840" '
        'focalLengthV="3840" radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" '
        'tangentalDistortion1="0" tangentalDistortion2="0"/></camera></cameras></calibration>')
    row = [0, 1, 0, 1, 6, 1, 0, 0, 2, 8, 0, 0, -1, 3, 5, 0.5, 9]
    points = (HERE / "seeds/cloud/points.ply").read_bytes()
    put("n3dv", "one", npy(np.array([row], "<f8")) + NEXT + points)
    put("n3dv", "floats", npy(np.array([row], "<f4")))
    put("toyworld", "one", json.dumps({"width": 8, "height": 6, "views": [
        {"intrinsics": [5, 5, 4, 3], "world_to_camera": [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]] * 2}]}))


def unpacked(stream):
    """Frames as they were before zstd; whoever reads them mends their checksums."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd"))
    at = 44 + struct.unpack_from("<I", stream, 12)[0]
    out = stream[:at]
    while stream[at:at + 4] == b"LTVF":
        head, place = bytearray(stream[at:at + 112]), at + 112
        at += struct.unpack_from("<I", head, 4)[0]
        layout = struct.unpack_from("<I", head, 104)[0]
        payload = b""
        for i in range(8):
            size = struct.unpack_from("<I", head, 40 + 8 * i)[0]
            part, place = stream[place:place + size], place + size
            if layout >> i & 1:
                plain = ctypes.create_string_buffer(struct.unpack_from("<I", part)[0])
                library.ZSTD_decompress(plain, ctypes.c_size_t(len(plain)), part[4:], ctypes.c_size_t(size - 4))
                part = plain.raw
            struct.pack_into("<I", head, 40 + 8 * i, len(part))
            payload += part
        struct.pack_into("<I", head, 4, len(head) + len(payload))
        struct.pack_into("<I", head, 104, layout & ~3)
        out += head + payload
    return out


def streams(longtake):
    """Five frames of forty Gaussians, some of which change; every third is a key."""
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        head = (HERE / "seeds/cloud/two.ply").read_bytes().split(b"end_header\n")[0] + b"end_header\n"
        rows = random.normal(size=(40, 14)).astype("<f4")
        for frame in range(5):
            (folder / f"{frame}.ply").write_bytes(head.replace(b"vertex 2", b"vertex 40") + rows.tobytes())
            rows[frame::4] += random.normal(size=rows[frame::4].shape) * 0.2
        out = folder / "a.ltv"
        subprocess.run([longtake, "convert", str(folder / "*.ply"), "-o", str(out), "--fps", "25",
                        "--key-every", "3"], check=True)
        stream = out.read_bytes()
        put("stream", "clouds", stream)
        put("stream", "unpacked", unpacked(stream))
        link("stream", "streams/version2.ltv")
        put("stream_tail", "clouds", struct.pack(">H", len(stream) // 2) + stream)
        pieces = {"pieces": [{"file": "a.ltv", "bytes": len(stream) - 40}, {"file": "b.ltv", "bytes": 40}]}
        put("playlist", "clouds", NEXT.join((json.dumps(pieces).encode(), stream[:-40], stream[-40:])))


weights()
texts()
tracks()
motion()
clouds()
captures()
streams(sys.argv[1])
link("image", "pictures/ui.png")
link("image", "pictures/video_shrunk.png")
