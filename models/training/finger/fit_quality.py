"""python fit_quality.py MEASURES.csv ZERO: the points of models/finger/quality.ts.

MEASURES is what measure_quality.ts writes; ZERO the comparison score that is worth no points. Non-negative least squares
with a ridge penalty; the parts are those of gradeMeasures there, and must be changed in both places.
"""

import csv
import sys

import numpy as np
from scipy.optimize import nnls
from scipy.stats import spearmanr

PENALTY = 10.0  # for 800 prints
PRINTS = 800
NAMES = ("fewMinutiae", "manyMinutiae", "sureMinutiae", "anyFlow", "sureFlow", "area", "centred", "contrast")


def scale(value, zero, full):
    return float(np.clip((value - zero) / (full - zero), 0, 1))


def parts(row):
    confidence = row["confidenceSum"]
    return (
        scale(confidence, 2, 16),
        scale(confidence, 16, 40),
        scale(confidence / max(1, row["minutiae"]), 0.45, 0.75),
        scale(row["flowCertainty"], 0.75, 0.9),
        scale(row["flowCertainty"], 0.88, 0.97),
        scale(row["clearAreaMm2"], 0, 90),
        scale(row["offCentreMm"], 5, 1),
        scale(row["contrastGrey"], 10, 80),
    )


def main(measures, zero):
    with open(measures) as file:
        rows = [{k: float(v) for k, v in row.items() if k != "name"} for row in csv.DictReader(file)]
    x, y = np.array([parts(row) for row in rows]), np.array([row["score"] for row in rows])
    # The constant may be of either sign, so it stands in two columns and is not held to be small.
    constant = np.c_[np.ones(len(x)), -np.ones(len(x))]
    held = np.c_[np.eye(len(NAMES)) * np.sqrt(PENALTY * len(x) / PRINTS), np.zeros((len(NAMES), 2))]
    found, _ = nnls(np.r_[np.c_[x, constant], held], np.r_[y, np.zeros(len(NAMES))])
    weights, offset = found[: len(NAMES)], found[-2] - found[-1]
    points = 100 / (weights.sum() + offset - float(zero))
    print({name: round(float(weight * points)) for name, weight in zip(NAMES, weights)})
    print("taken off", round((float(zero) - offset) * points))
    print(f"{len(rows)} prints; rank correlation with the score {spearmanr(x @ weights, y)[0]:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
