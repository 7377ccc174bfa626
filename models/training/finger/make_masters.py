"""python make_masters.py FIRST LAST OUT: masters of the seeds FIRST..LAST-1; those already there are kept."""

import sys
from pathlib import Path

import store
from master import make_master


def main(first, last, out):
    Path(out).mkdir(parents=True, exist_ok=True)
    for seed in range(int(first), int(last)):
        path = Path(out) / f"{seed}.npz"
        if not path.exists():
            store.write(path, make_master(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
