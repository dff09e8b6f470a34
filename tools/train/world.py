"""The toyworld renderer as a source of clips, scripts and captions, through its C interface."""

import ctypes
import os

import numpy as np
import torch

MAX_OBJECTS, MAX_SEGMENTS = 4, 2
MOTION, CAMERA = 2, 3  # kinds of names


class Object(ctypes.Structure):
    _fields_ = [("shape", ctypes.c_int32), ("colour", ctypes.c_int32), ("motion", ctypes.c_int32),
                ("size", ctypes.c_float)]


class Segment(ctypes.Structure):
    _fields_ = [("sky", ctypes.c_int32), ("ground", ctypes.c_int32), ("camera", ctypes.c_int32),
                ("object_count", ctypes.c_int32), ("objects", Object * MAX_OBJECTS)]


class Script(ctypes.Structure):
    _fields_ = [("segment_count", ctypes.c_int32), ("switch_frame", ctypes.c_int32),
                ("segments", Segment * MAX_SEGMENTS)]


class World:
    def __init__(self, library=None):
        self.lib = ctypes.CDLL(library or os.environ["TOYWORLD_SO"])
        self.lib.ltw_name.restype = ctypes.c_char_p

    def names(self, kind):
        out = []
        while (name := self.lib.ltw_name(kind, len(out))) is not None:
            out.append(name.decode())
        return out

    def describe(self, seed, frames):
        script = Script()
        if self.lib.ltw_describe(ctypes.c_uint64(seed), frames, ctypes.byref(script)):
            raise RuntimeError(f"toyworld cannot describe seed {seed}")
        return script

    def caption(self, script, segment, variant):
        text = ctypes.create_string_buffer(1024)
        self.lib.ltw_caption(ctypes.byref(script), segment, ctypes.c_uint64(variant), text, len(text))
        return text.value.decode()

    def tracks(self, seed, frames, height, width, fps, points):
        """Points on the surfaces of a clip: pixels [T, N, 2], visible [T, N] and slots [N]."""
        pixels = torch.empty(frames, points, 2)
        visible = torch.empty(frames, points, dtype=torch.uint8)
        slots = torch.empty(points, dtype=torch.int32)
        pointer = lambda t: ctypes.c_void_p(t.data_ptr())
        if self.lib.ltw_tracks(None, ctypes.c_uint64(seed), width, height, frames, ctypes.c_float(fps), points,
                               pointer(pixels), pointer(visible), None, pointer(slots)):
            raise RuntimeError(f"toyworld cannot track seed {seed}")
        return pixels, visible, slots

    def render(self, first_seed, count, frames, height, width, fps, samples=4, mask=False):
        """Clips of consecutive seeds: rgb uint8 [n, T, H, W, 3], mask uint8 [n, T, H, W] or None."""
        return self.render_seeds(range(first_seed, first_seed + count), frames, height, width, fps, samples, mask)

    def render_seeds(self, seeds, frames, height, width, fps, samples=4, mask=False):
        rgb = self.pictures(seeds, frames, height, width, 3, dtype=torch.uint8)
        ids = self.pictures(seeds, frames, height, width, dtype=torch.uint8) if mask else None
        self.draw(seeds, frames, height, width, fps, samples, rgb, ids, None)
        return rgb, ids

    def depth(self, seeds, frames, height, width, fps):
        """Along the optical axis [n, T, H, W], scene units; 1000 for the sky."""
        depth = self.pictures(seeds, frames, height, width, dtype=torch.float)
        self.draw(seeds, frames, height, width, fps, 1, None, None, depth)
        return depth

    @staticmethod
    def pictures(seeds, *shape, dtype):
        return torch.empty(len(seeds), *shape, dtype=dtype, device="cuda" if torch.cuda.is_available() else "cpu")

    def draw(self, seeds, frames, height, width, fps, samples, rgb, ids, depth):
        seeds = np.array(seeds, dtype=np.uint64)
        pointer = lambda t: ctypes.c_void_p(None if t is None else t.data_ptr())
        args = [seeds.ctypes.data_as(ctypes.POINTER(ctypes.c_uint64)), len(seeds), width, height, frames,
                ctypes.c_float(fps), samples, pointer(rgb), pointer(ids), pointer(depth)]
        if torch.cuda.is_available():
            stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
            status = self.lib.ltw_render_cuda(*args, stream)
        else:
            status = self.lib.ltw_render_cpu(*args)
        if status:
            raise RuntimeError(f"toyworld: rendering failed with {status}")
