"""What of a placed finger touches the glass and how its ridges print: contact, pressure, moisture, creases."""

import cv2
import numpy as np

from flow import HEIGHT, WIDTH
from noise import sigmoid, smooth_field, speckle

FULL_FRAME_SHARE = 0.25  # of impressions fill the sensor


def finger_creases(rng):
    """Creases a finger keeps over all its impressions: (start, angle, length, width, curvature) in the master's px."""
    creases = []
    for _ in range(rng.poisson(1.2)):
        start = rng.uniform(30, WIDTH - 30), rng.uniform(60, HEIGHT - 60)
        shape = rng.uniform(0, 6.28), rng.uniform(40, 220), int(rng.integers(1, 5)), rng.normal(0, 0.3)
        creases.append((start, *shape))
    return creases


def contact_depth(rng, placement):
    """About how many px each px lies inside the contact area; negative outside. float32 [h, w]."""
    height, width = placement.map_x.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    full_frame = rng.random() < FULL_FRAME_SHARE
    radius_x, radius_y = rng.uniform(95, 190), rng.uniform(120, 240)
    if rng.random() < 0.2:
        radius_x, radius_y = radius_x * 0.75, radius_y * 0.7
    centre_x, centre_y = width / 2 + rng.normal(0, 0.12 * width), height / 2 + rng.normal(0, 0.10 * height)
    c, s = np.cos(placement.rotation), np.sin(placement.rotation)
    u = (x - centre_x) * c - (y - centre_y) * s
    v = (x - centre_x) * s + (y - centre_y) * c
    outline = (np.abs(u) / radius_x) ** 2.4 + (np.abs(v) / radius_y) ** 2.4  # super-ellipse
    outline = outline + 0.18 * smooth_field(rng, height, width, 60) + 0.08 * smooth_field(rng, height, width, 14)
    depth = (1 - outline) * min(radius_x, radius_y) / 2
    if full_frame:
        depth = depth * 0 + 60 + 10 * smooth_field(rng, height, width, 40)
    return np.where(placement.inside, depth, -30).astype(np.float32)


def ink(rng, ridges, depth, difficulty):
    """How much of each px is ridge on glass, 0..1: moisture and pressure widen or thin the ridges."""
    height, width = ridges.shape
    wet = rng.normal(0, 0.45) * (0.5 + difficulty)
    bias = (
        wet
        + smooth_field(rng, height, width, rng.uniform(50, 140)) * 0.30 * (0.3 + difficulty)
        + smooth_field(rng, height, width, 22) * 0.12 * (0.3 + difficulty)
    )
    bias -= 0.9 * np.clip(1 - depth / 14, 0, 2) * rng.uniform(0.3, 1.2)  # dry, thin ridges at the rim
    gain = rng.uniform(1.6, 5.0)
    profile = ridges + bias
    profile = profile + speckle(rng, height, width, rng.uniform(0.7, 1.4)) * rng.uniform(0.05, 0.35) * (0.3 + difficulty)
    if rng.random() < 0.65:
        profile -= _blotches(rng, height, width, (1.2, 2.6), (0.5, 2.2)) * (0.3 + difficulty)  # dry breaks
    if rng.random() < 0.5:
        profile += _blotches(rng, height, width, (1.5, 3.2), (0.5, 1.8)) * (0.3 + difficulty)  # wet bridges
    if rng.random() < 0.5:
        profile -= _pores(rng, ridges)
    return sigmoid(gain * profile, 12)


def _blotches(rng, height, width, grain, strength):
    noise = speckle(rng, height, width, rng.uniform(*grain))
    where = np.clip(smooth_field(rng, height, width, rng.uniform(25, 70)) + rng.normal(0, 0.5), 0, None)
    return np.clip(noise - rng.uniform(0.4, 1.4), 0, None) * where * rng.uniform(*strength)


def _pores(rng, ridges):
    height, width = ridges.shape
    pores = np.zeros((height, width), np.float32)
    count = int(height * width / rng.uniform(70, 220))
    row, column = rng.integers(0, height, count), rng.integers(0, width, count)
    on_ridge = ridges[row, column] > 0.75
    pores[row[on_ridge], column[on_ridge]] = 1
    pores = cv2.GaussianBlur(pores, (0, 0), rng.uniform(0.7, 1.1))
    return pores / (pores.max() + 1e-6) * rng.uniform(0.8, 2.5)


def crease_map(rng, placement, creases, difficulty):
    """0..1 [h, w]: how far a crease or scratch lifts the skin off the glass."""
    height, width = placement.map_x.shape
    lines = np.zeros((height, width), np.float32)

    def draw(start, angle, length, thickness, curvature, on_finger):
        turn = angle + curvature * np.linspace(0, 1, 12)
        x = start[0] + np.cumsum(np.cos(turn)) * length / 12
        y = start[1] + np.cumsum(np.sin(turn)) * length / 12
        if on_finger:
            x, y = placement.rigid_to_image(x, y)
        points = (np.stack([x, y], 1) * 8).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(lines, [points], False, 1.0, int(thickness), cv2.LINE_AA, 3)

    for crease in creases:
        if rng.random() < 0.8:
            draw(*crease, True)
    for _ in range(rng.poisson(0.8 * difficulty)):
        start = rng.uniform(0, width), rng.uniform(0, height)
        draw(start, rng.uniform(0, 6.28), rng.uniform(30, 200), rng.integers(1, 4), rng.normal(0, 0.4), False)
    if lines.any():
        lines = cv2.GaussianBlur(lines, (0, 0), rng.uniform(0.6, 1.3))
        lines = np.clip(lines * (1 + 0.5 * smooth_field(rng, height, width, 12)), 0, 1)
    return lines
