"""Masters and impressions on disk: one npz a finger, written whole or not at all."""

import os
from pathlib import Path

import numpy as np


def write(path, arrays):
    """Writes under another name first, so that a reader or a restart never meets half a file."""
    partial = f"{path}.{os.getpid()}.part"
    with open(partial, "wb") as file:
        np.savez(file, **arrays)
    os.replace(partial, path)


def read(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def fingers(folder):
    """{seed: path} of the fingers in a folder, by ascending seed."""
    found = {int(path.stem): path for path in Path(folder).glob("*.npz")}
    return dict(sorted(found.items()))


def pack_impressions(impressions):
    """One finger's impressions as flat arrays; the bool mask as bits, ridges as int8."""
    arrays = {}
    for k, one in enumerate(impressions):
        arrays[f"image{k}"] = one["image"]
        arrays[f"ridges{k}"] = (one["ridges"] * 127).astype(np.int8)
        arrays[f"mask{k}"] = np.packbits(one["mask"])
        arrays[f"theta{k}"] = one["theta"].astype(np.float16)
        arrays[f"minutiae{k}"] = one["minutiae"]
    return arrays


def unpack_impressions(arrays):
    impressions = []
    while f"image{len(impressions)}" in arrays:
        k = len(impressions)
        image = arrays[f"image{k}"]
        mask = np.unpackbits(arrays[f"mask{k}"])[: image.size].reshape(image.shape)
        impressions.append({
            "image": image,
            "ridges": arrays[f"ridges{k}"],
            "mask": mask,
            "theta": arrays[f"theta{k}"],
            "minutiae": arrays[f"minutiae{k}"],
        })
    return impressions
