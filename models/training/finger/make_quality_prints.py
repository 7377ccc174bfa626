"""python make_quality_prints.py MASTERS OUT [COUNT]: prints to fit the quality to, and the pairs to compare them in.

Of every finger two clean impressions as a record holds them, and COUNT others of any difficulty and size. Writes
OUT/FINGER_NUMBER.png and OUT/pairs.csv (a,b,kind). The masters must be of fingers that no training has seen.
"""

import csv
import sys
from pathlib import Path

import cv2
import numpy as np

import store
from impression import make_impression
from make_impressions import SIZES
from skin import finger_creases

SEED_BASE = 99_000_000
RECORD_SIZE, RECORD_DIFFICULTY, RECORDS = (416, 352), 0.1, 2


def main(masters, out, count="10"):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    pairs = []
    for seed, path in store.fingers(masters).items():
        master, rng = store.read(path), np.random.default_rng(SEED_BASE + seed)
        creases = finger_creases(rng)
        wanted = [(RECORD_SIZE, RECORD_DIFFICULTY)] * RECORDS
        wanted += [(SIZES[rng.integers(len(SIZES))], rng.uniform()) for _ in range(int(count))]
        for number, (size, difficulty) in enumerate(wanted):
            image = make_impression(master, rng, size, creases, difficulty)["image"]
            cv2.imwrite(str(out / f"{seed}_{number}.png"), image)
        probes = range(RECORDS, len(wanted))
        pairs += [(f"{seed}_{probe}", f"{seed}_{record}", "genuine") for probe in probes for record in range(RECORDS)]
    with open(out / "pairs.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("a", "b", "kind"))
        writer.writerows(pairs)


if __name__ == "__main__":
    main(*sys.argv[1:])
