"""What a sensor makes of the print on its glass: residue, blur, grey levels, shading, noise, window, resampling."""

import cv2
import numpy as np

from flow import HEIGHT, WIDTH
from noise import sigmoid, smooth_field, speckle


def residue(rng, master, placement, envelope, difficulty):
    """Background 0..1 [h, w]: a grey film, or the faint print of whoever came before."""
    height, width = envelope.shape
    film = rng.random()
    background = np.zeros((height, width), np.float32)
    if film < 0.35:
        texture = smooth_field(rng, height, width, rng.uniform(60, 200)) * 0.10
        background = np.clip(texture + rng.uniform(-0.05, 0.12), 0, 1)
    if rng.random() < 0.25 * (0.3 + difficulty):
        x = np.clip(placement.map_x + rng.uniform(-80, 80), 0, WIDTH - 1).astype(np.float32)
        y = np.clip(HEIGHT - placement.map_y + rng.uniform(-80, 80), 0, HEIGHT - 1).astype(np.float32)
        other = cv2.remap(master["ridges"].astype(np.float32) / 127, x, y, cv2.INTER_LINEAR)
        ghost = 1 / (1 + np.exp(-2 * (other - 0.6)))
        ghost = ghost * np.clip(smooth_field(rng, height, width, 50), 0, 1) * rng.uniform(0.05, 0.25)
        background = np.maximum(background, ghost * (1 - 0.7 * envelope))
    return background


def capture(rng, ink, envelope, mask, difficulty):
    """(grey image uint8 [h, w], mask without what the sensor's window hides)."""
    height, width = ink.shape
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.45, 1.15))
    dark, light = rng.uniform(0, 0.35), rng.uniform(0.5, 1.0)
    if rng.random() < 0.35:
        light = 1.0
        dark = rng.uniform(0, 0.2)
    if rng.random() < 0.12:
        dark = light - rng.uniform(0.12, 0.3)  # hardly any contrast
    image = light - (light - dark) * ink ** rng.uniform(0.7, 1.5)
    if rng.random() < 0.6:
        shade = rng.uniform(0.02, 0.25) * smooth_field(rng, height, width, rng.uniform(120, 260))
        image *= 1 + shade * 0.5
    if rng.random() < 0.12:
        image = np.where(envelope < 0.3, image * 0.45 + 0.05, image)  # a dark glass beside the finger
    image = image + _noise(rng, height, width, difficulty, light - dark)
    if rng.random() < 0.12:
        image, mask = _window(rng, image, mask)
    if rng.random() < 0.15 and light - dark > 0.35:
        levels = 2 ** int(rng.integers(3, 6))
        image = np.round(np.clip(image, 0, 1) * (levels - 1)) / (levels - 1)
    if rng.random() < 0.2:
        image = _resampled(image, rng.uniform(0.7, 1.25))
    return np.clip(image * 255, 0, 255).astype(np.uint8), mask


def _noise(rng, height, width, difficulty, contrast):
    sigma = abs(rng.normal(0, 0.03)) * (0.3 + difficulty) * (contrast + 0.2)
    noise = speckle(rng, height, width, rng.choice([0, 0, 0.6, 0.9])) * sigma
    if rng.random() < 0.2:
        noise = noise + rng.standard_normal((1, width)).astype(np.float32) * rng.uniform(0.003, 0.02)
    if rng.random() < 0.15:
        noise = noise + rng.standard_normal((height, 1)).astype(np.float32) * rng.uniform(0.003, 0.02)
    return noise


def _window(rng, image, mask):
    """A trapezoid sensor window."""
    height, width = image.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slant = rng.uniform(0.0, 0.15)
    fill = rng.choice([0, 1.0, 0.5])
    hidden = (x < slant * width * (y / height)) | (x > width - slant * width * (y / height))
    return np.where(hidden, fill, image), mask & ~hidden


def _resampled(image, factor):
    """The softness of a conversion between resolutions."""
    height, width = image.shape
    small = cv2.resize(image.astype(np.float32), None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def blemishes(rng, ink, envelope, mask, difficulty):
    """(ink, envelope, mask) with drop-outs, smudges and, seldom, the finger's joint."""
    height, width = ink.shape

    def patch():
        field = smooth_field(rng, height, width, rng.uniform(18, 60)) - rng.uniform(1.1, 1.9)
        return sigmoid(field * 8)

    if rng.random() < 0.35 * (0.4 + difficulty):
        gone = patch()
        envelope = envelope * (1 - gone * rng.uniform(0.5, 1))
        mask = mask & (gone < 0.6)
    if rng.random() < 0.3 * (0.4 + difficulty):
        smudge = patch() * rng.uniform(0.4, 1)
        grey = np.clip(rng.uniform(0.5, 0.95) + 0.1 * smooth_field(rng, height, width, 6), 0, 1)
        ink = ink * (1 - smudge) + smudge * grey
        mask = mask & (smudge < 0.6)
    ink = ink * envelope
    if rng.random() < 0.06:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        level, tilt = rng.uniform(0.6, 0.9) * height, rng.normal(0, 0.15)
        below = (y - level) - np.tan(tilt) * (x - width / 2) + 8 * smooth_field(rng, height, width, 40)
        ink = ink * (1 - np.exp(-((below / rng.uniform(5, 14)) ** 2)) * 0.97)
        mask = mask & (below < -4)
    return ink, envelope, mask
