"""python make_patterns.py EXTRACTOR.pt IMPRESSIONS OUT: what the descriptor is trained on.

Runs the extractor over every impression and keeps its ridges, its mask and, for each true minutia, where to centre the
patch: on the detection when there is one near, else on the truth. One npz a finger; those already there are kept.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import store
from blocks import folded
from extractor import COS, HEAT, MASK, OFFSET_X, OFFSET_Y, SIN, STRIDE, load_extractor

MIN_SCORE, MIN_MASK = 0.15, 0.4
NEAR_PX, MIN_COSINE = 6.0, 0.8  # how near a detection must be to stand for a minutia


def detections(maps):
    """[n, 3] x, y, direction of every local maximum of the heat; `maps` [9, h, w]."""
    mask, heat = torch.sigmoid(maps[MASK]), torch.sigmoid(maps[HEAT])
    heat = heat * (mask > MIN_MASK)
    peak = (heat == F.max_pool2d(heat[None], 3, 1, 1)[0]) & (heat > MIN_SCORE)
    row, column = peak.nonzero(as_tuple=True)
    at = maps[:, row, column]
    x = (column + 0.5 + at[OFFSET_X]) * STRIDE - 0.5
    y = (row + 0.5 + at[OFFSET_Y]) * STRIDE - 0.5
    return torch.stack([x, y, torch.atan2(at[SIN], at[COS])], 1).numpy()


def anchors(truth, found):
    """[n, 5] index in the master, x, y, direction, detected (0 or 1) of the minutiae that can be seen."""
    rows = []
    for x, y, direction, _, ignore, index in truth:
        if ignore:
            continue
        row = (index, x, y, direction, 0)
        if len(found):
            distance = np.hypot(found[:, 0] - x, found[:, 1] - y)
            k = distance.argmin()
            if distance[k] < NEAR_PX and np.cos(found[k, 2] - direction) > MIN_COSINE:
                row = (index, *found[k], 1)
        rows.append(row)
    return np.array(rows, np.float32).reshape(-1, 5)


@torch.no_grad()
def patterns_of(network, impressions):
    arrays = {}
    for k, one in enumerate(impressions):
        image = torch.from_numpy(one["image"].astype(np.float32) / 255)[None, None]
        ridges, maps = network(image.contiguous(memory_format=torch.channels_last))
        arrays[f"ridges{k}"] = (ridges[0, 0].numpy() * 127).astype(np.int8)
        arrays[f"mask{k}"] = (torch.sigmoid(maps[0, MASK]).numpy() * 127).astype(np.int8)
        arrays[f"anchors{k}"] = anchors(one["minutiae"], detections(maps[0]))
    return arrays


def main(extractor, impressions, out):
    torch.set_num_threads(1)
    Path(out).mkdir(parents=True, exist_ok=True)
    network = folded(load_extractor(extractor)).to(memory_format=torch.channels_last)
    for path in store.fingers(impressions).values():
        target = Path(out) / path.name
        if not target.exists():
            store.write(target, patterns_of(network, store.unpack_impressions(store.read(path))))


if __name__ == "__main__":
    main(*sys.argv[1:])
