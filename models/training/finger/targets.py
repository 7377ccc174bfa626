"""What the extractor should answer for a crop of an impression: maps at stride 4, with the crop turned and mirrored."""

import math

import numpy as np
import torch

from extractor import STRIDE

REACH = 2  # cells around a minutia's own
SIGMA_CELLS = 0.75
NEAR = 0.25  # of the heat: cells that also learn offset, direction and type
RIM = (0.05, 0.5)  # of the mask: half in, half out
RIM_WEIGHT = 0.3


def crop(rng, impression, size):
    """A random square of `size` px, with its corner on a cell's."""
    height, width = impression["image"].shape
    top, left = (int(rng.integers(0, (side - size) // STRIDE + 1)) * STRIDE for side in (height, width))
    part = slice(top, top + size), slice(left, left + size)
    cells = tuple(slice(s.start // STRIDE, s.stop // STRIDE) for s in part)
    minutiae = impression["minutiae"].copy()
    minutiae[:, 0] -= left
    minutiae[:, 1] -= top
    return {
        "image": impression["image"][part],
        "ridges": impression["ridges"][part],
        "mask": impression["mask"][part],
        "theta": impression["theta"][cells].astype(np.float32),
        "minutiae": minutiae,
    }


def turned(one, quarters, mirrored):
    """The crop mirrored left to right, then turned by quarters (np.rot90's sense)."""
    grids = {name: one[name] for name in ("image", "ridges", "mask", "theta")}
    minutiae, last = one["minutiae"].copy(), one["image"].shape[0] - 1
    if mirrored:
        grids = {name: grid[:, ::-1] for name, grid in grids.items()}
        grids["theta"] = -grids["theta"]
        minutiae[:, 0] = last - minutiae[:, 0]
        minutiae[:, 2] = np.pi - minutiae[:, 2]
    for _ in range(quarters):
        grids = {name: np.rot90(grid) for name, grid in grids.items()}
        grids["theta"] = grids["theta"] - np.pi / 2
        minutiae[:, 0], minutiae[:, 1] = minutiae[:, 1].copy(), last - minutiae[:, 0]
        minutiae[:, 2] -= np.pi / 2
    return {**grids, "minutiae": minutiae}


def maps_of(one):
    """{name: float32 array} of everything the losses compare with."""
    side = one["image"].shape[0] // STRIDE
    mask4 = one["mask"].astype(np.float32).reshape(side, STRIDE, side, STRIDE).mean((1, 3))
    heat, ending, near = (np.zeros((side, side), np.float32) for _ in range(3))
    weight = np.ones((side, side), np.float32)
    offset, direction = np.zeros((2, side, side), np.float32), np.zeros((2, side, side), np.float32)
    rows = [row for row in one["minutiae"] if 0 <= row[0] + 0.5 < side * STRIDE and 0 <= row[1] + 0.5 < side * STRIDE]
    for x, y, _, _, ignore, _ in rows:
        if ignore:
            column, row = int((x + 0.5) / STRIDE), int((y + 0.5) / STRIDE)
            weight[max(0, row - REACH):row + REACH + 1, max(0, column - REACH):column + REACH + 1] = 0
    for x, y, angle, is_ending, ignore, _ in rows:
        if ignore:
            continue
        u, v = (x + 0.5) / STRIDE, (y + 0.5) / STRIDE
        for row in range(max(0, int(v) - REACH), min(side, int(v) + REACH + 1)):
            for column in range(max(0, int(u) - REACH), min(side, int(u) + REACH + 1)):
                du, dv = u - (column + 0.5), v - (row + 0.5)
                value = math.exp(-(du**2 + dv**2) / (2 * SIGMA_CELLS**2))
                if value > heat[row, column]:
                    heat[row, column] = value
                    if value > NEAR:
                        near[row, column] = 1
                        offset[:, row, column] = du, dv
                        direction[:, row, column] = math.cos(angle), math.sin(angle)
                        ending[row, column] = is_ending
        heat[int(v), int(u)] = weight[int(v), int(u)] = 1
    weight[(mask4 > RIM[0]) & (mask4 < RIM[1])] *= RIM_WEIGHT
    return {
        "image": one["image"].astype(np.float32) / 255,
        "ridges": one["ridges"].astype(np.float32) / 127,
        "mask": one["mask"].astype(np.float32),
        "theta": np.ascontiguousarray(one["theta"], np.float32),
        "mask4": mask4, "heat": heat, "weight": weight, "near": near,
        "offset": offset, "direction": direction, "ending": ending,
    }  # fmt: skip


def collate(samples, device):
    return {name: torch.from_numpy(np.stack([s[name] for s in samples])).to(device) for name in samples[0]}
