"""One capture of a finger, with its exact ridges, mask, orientation and minutiae."""

import cv2
import numpy as np

from noise import sigmoid, speckle
from placement import minutiae_in_image, orientation_in_image, place
from sensor import blemishes, capture, residue
from skin import contact_depth, crease_map, ink


def make_impression(master, rng, size, creases=(), difficulty=None):
    """`size` (height, width) in px at 500 ppi; `difficulty` 0..1, drawn when not given.

    Returns `image` uint8, `ridges` float32 -1..1, `mask` bool, `theta` float32 on every fourth px,
    `minutiae` [n, 6] x, y, direction, ending, ignore, index in the master, and `difficulty`.
    """
    height, width = size
    drawn = rng.beta(1.6, 1.6) if difficulty is None else difficulty
    placement = place(rng, height, width, drawn)
    pattern = master["ridges"].astype(np.float32) / 127
    ridges = cv2.remap(
        pattern, placement.map_x, placement.map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=-1
    )
    theta = orientation_in_image(placement, master["theta"])
    minutiae = minutiae_in_image(placement, master["minutiae"])

    depth = contact_depth(rng, placement)
    print_ = ink(rng, ridges, depth, drawn)
    lifted = crease_map(rng, placement, creases, drawn)
    if lifted.any():
        print_ = print_ * (1 - lifted * rng.uniform(0.6, 1.0))
    rim = speckle(rng, height, width, 2.0) * rng.uniform(1, 6)
    envelope = sigmoid((depth + rim) / rng.uniform(1.0, 4.0))
    print_, envelope, mask = blemishes(rng, print_, envelope, depth > 3, drawn)
    background = residue(rng, master, placement, envelope, drawn)
    print_ = np.clip(print_ + background * (1 - print_), 0, 1)
    image, mask = capture(rng, print_, envelope, mask, drawn)

    if len(minutiae):
        row, column = minutiae[:, 1].astype(int), minutiae[:, 0].astype(int)
        visible = mask[row, column] & (lifted[row, column] < 0.5) & (depth[row, column] > 5)
        minutiae[:, 4] = np.maximum(minutiae[:, 4], ~visible)
    return {
        "image": image,
        "ridges": ridges,
        "mask": mask,
        "theta": theta.astype(np.float32),
        "minutiae": minutiae.astype(np.float32),
        "difficulty": float(drawn),
    }
