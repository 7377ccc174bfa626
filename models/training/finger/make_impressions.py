"""python make_impressions.py MASTERS OUT [COUNT [MODULUS REMAINDER]]: impressions of every master, with their truth.

MODULUS and REMAINDER share the masters among processes: each takes the seeds with seed % MODULUS == REMAINDER.
"""

import sys
from pathlib import Path

import numpy as np

import store
from impression import make_impression
from skin import finger_creases

SEED_BASE = 77_000_000
# Small sensors are the hard case, so most sizes are below the usual 384x400; multiples of 16, as the extractor asks.
SIZES = ((256, 256), (288, 288), (304, 256), (352, 256), (368, 288), (288, 336), (384, 384))
DIFFICULTY = 1.6, 1.3  # Beta: harder than the generator's own mean
MIN_AREA, MIN_MINUTIAE, TRIES = 0.2, 6, 5


def impressions_of(master, seed, count):
    rng = np.random.default_rng(SEED_BASE + seed)
    creases = finger_creases(rng)
    made = []
    for _ in range(count):
        size = SIZES[rng.integers(len(SIZES))]
        for _ in range(TRIES):
            one = make_impression(master, rng, size, creases, rng.beta(*DIFFICULTY))
            if one["mask"].mean() > MIN_AREA and (one["minutiae"][:, 4] == 0).sum() >= MIN_MINUTIAE:
                break
        made.append(one)
    return made


def main(masters, out, count="6", modulus="1", remainder="0"):
    Path(out).mkdir(parents=True, exist_ok=True)
    for seed, path in store.fingers(masters).items():
        target = Path(out) / path.name
        if seed % int(modulus) == int(remainder) and not target.exists():
            made = impressions_of(store.read(path), seed, int(count))
            store.write(target, store.pack_impressions(made))


if __name__ == "__main__":
    main(*sys.argv[1:])
