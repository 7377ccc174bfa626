"""Ridge flow of a finger: pattern class, singular points, orientation and period fields."""

import numpy as np

from gabor import PERIOD_MAX, PERIOD_MIN
from noise import smooth_field

WIDTH, HEIGHT = 416, 560  # canvas of a master, px at 500 ppi
CLASSES = ("arch", "tented", "left", "right", "whorl", "double")
SHARES = (0.06, 0.06, 0.30, 0.30, 0.20, 0.08)  # about those of a population; the arches somewhat more often


def singular_points(rng, pattern):
    """(cores, deltas) relative to the pattern's centre, px, y up."""

    def near(x, y):
        return x + rng.normal(0, 10), y + rng.normal(0, 12)

    if pattern == "left":
        return [near(0, 10)], [near(rng.uniform(70, 120), -rng.uniform(90, 150))]
    if pattern == "right":
        return [near(0, 10)], [near(-rng.uniform(70, 120), -rng.uniform(90, 150))]
    if pattern == "tented":
        return [near(0, 10)], [near(0, -rng.uniform(50, 90))]
    if pattern == "whorl":
        gap = rng.uniform(10, 40)
        cores = [near(rng.normal(0, 6), gap / 2), near(rng.normal(0, 6), -gap / 2)]
        depth = 80, 150
    else:
        gap = rng.uniform(40, 80)
        aside = rng.choice([-1, 1]) * rng.uniform(10, 35)
        cores = [near(aside, gap / 2), near(-aside, -gap / 2)]
        depth = 90, 160
    return cores, [near(side * rng.uniform(100, 140), -rng.uniform(*depth)) for side in (-1, 1)]


def _corrected(rng, angle):
    """Vizcaya and Gerhardt's smooth correction of a singular point's argument."""
    return (
        angle
        + rng.normal(0, 0.10) * np.sin(angle)
        + rng.normal(0, 0.10) * np.sin(2 * angle)
        + rng.normal(0, 0.06) * np.cos(2 * angle)
    )


def orientation_field(rng, pattern, height, width, step):
    """(theta [height, width] in rad, y down, along the ridge; singular points [n, 3] as x, y, +1 core or -1 delta)."""
    y_px, x_px = np.mgrid[0:height, 0:width].astype(np.float64) * step
    centre_x = WIDTH / 2 + rng.normal(0, 12)
    centre_y = HEIGHT * 0.44 + rng.normal(0, 18)
    x, y = x_px - centre_x, -(y_px - centre_y)
    points = []
    if pattern == "arch":
        steepness = rng.uniform(0.7, 1.5)
        down = np.clip((y_px - 0.05 * HEIGHT) / (HEIGHT * 0.95), 0, 1)
        bump = np.exp(-(((down - 0.55) / 0.33) ** 2))
        theta = -np.arctan(steepness * bump * np.sin(x / WIDTH * np.pi * 1.5))
    else:
        cores, deltas = singular_points(rng, pattern)
        theta = np.zeros_like(x)
        for sign, group in ((1, cores), (-1, deltas)):
            for px, py in group:
                theta += sign * 0.5 * _corrected(rng, np.arctan2(y - py, x - px))
                points.append((px + centre_x, centre_y - py, sign))
        arching = rng.uniform(0.0, 0.5)
        above = np.clip((y_px < centre_y) * (centre_y - y_px) / centre_y, 0, 1)
        theta += -arching * above * np.arctan(x / (0.6 * WIDTH)) * 0.9
    theta = -theta + smooth_field(rng, height, width, 110 / step) * rng.uniform(0.02, 0.09)
    return theta.astype(np.float32), np.array(points, np.float32).reshape(-1, 3)


def period_field(rng, height, width):
    """Ridge period [height, width] in px at 500 ppi, on a canvas of half resolution."""
    mean = np.clip(rng.normal(9.0, 0.8), 7.4, 11.5)
    period = mean * (1 + 0.05 * smooth_field(rng, height, width, 60) + 0.03 * smooth_field(rng, height, width, 25))
    down = np.mgrid[0:height, 0:width][0] / height
    wider_below = 0.14 * np.clip((down - 0.6) / 0.4, 0, 1)
    narrower_above = 0.03 * np.clip((0.35 - down) / 0.35, 0, 1)
    return np.clip(period * (1 + wider_below - narrower_above), PERIOD_MIN, PERIOD_MAX).astype(np.float32)
