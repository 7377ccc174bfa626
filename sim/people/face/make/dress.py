"""What surrounds a composite face: a plain shirt, so that six averaged collars do not show, and an office wall."""
import cv2, numpy as np
from scipy.interpolate import PchipInterpolator
from sitters import W, IOD, SHOULDERS


def noise(shape, sigma, rng):
    """Smooth noise of unit deviation; `sigma` in pixels."""
    k = max(1, int(sigma / 2))
    n = cv2.GaussianBlur(rng.normal(0, 1, (shape[0] // k + 8, shape[1] // k + 8)).astype(np.float32), (0, 0), max(sigma / k, 0.6))
    n = cv2.resize(n, (shape[1] + 8 * k, shape[0] + 8 * k), interpolation=cv2.INTER_CUBIC)[4 * k:4 * k + shape[0], 4 * k:4 * k + shape[1]]
    return (n - n.mean()) / n.std()


def wall(height, width):
    """Light office wall, BGR float 0..255, lit from the left; the only background of every frame."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32([height, width]).reshape(2, 1, 1)
    light = 205 - 22 * (x - .35) ** 2 * 2 - 16 * y
    rng = np.random.default_rng(7)
    light = light + 1.2 * noise((height, width), width / 6, rng)
    return light[..., None] * np.float32([0.985, 1.0, 1.0])


def shirt(x, y, points, neck_half, colour, seed):
    """Shirt over a canvas whose pixels lie at work coordinates x, y. -> BGR, alpha, alpha of the neck opening."""
    rng = np.random.default_rng(seed)
    chin = points[8, 1]
    u, at = np.abs(x - W / 2) / IOD, dict(zip(SHOULDERS, points[-6:, 1]))
    y13, y16, y19 = [(at[-q] + at[q]) / 2 for q in (1.3, 1.6, 1.9)]
    y13 = np.clip(y13, chin + 60, chin + 150); y16 = max(y16, y13 + 14); y19 = max(y19, y16 + 14)
    a = neck_half / IOD
    line = PchipInterpolator([0, a * .8, a + .08, 1.45, 1.6, 1.9, 2.4, 2.75, 2.95, 3.05, 3.15, 9],
                             [y13 - 120, y13 - 75, y13 - 38, (y13 + y16) / 2, y16, y19, y19 + 42, y19 + 110, y19 + 240, y19 + 700, y19 + 5000, y19 + 6000])
    top = line(np.minimum(u, 9)).astype(np.float32)
    cy, b = float(line(a)) + 6, IOD * .40
    e = np.sqrt(((x - W / 2) / (a * IOD + 6)) ** 2 + ((y - cy) / b) ** 2)
    px = IOD * .5  # the ellipse's scale in pixels, for soft edges
    outside = np.clip((e - 1) * px / 1.5 + .5, 0, 1)
    alpha = np.clip((y - top) / 2 + .5, 0, 1) * np.where((y > cy) | (u > a), outside, 0)
    shade = 1 - .16 * np.clip(u - .7, 0, 2.2) ** 1.3 - .05 * np.clip((y - cy) / 400, 0, 1)
    folds = noise(x.shape, 46, rng) * .035 + noise(x.shape, 14, rng) * .014 + noise(x.shape, .7, rng) * .018
    shade = shade + folds * np.clip((e - 1.1) * 2, 0, 1)
    shade = shade * (1 - .22 * np.exp(-np.clip((y - top), 0, None) / 9))  # the light falls off over the shoulder's edge
    rib = (e > 1) & (e < 1.17)
    shade = shade * np.where(rib, 1.05, 1) * (1 - .20 * np.exp(-((e - 1.17) * px / 1.6) ** 2)) * (1 - .25 * np.exp(-((e - 1.0) * px / 2.5) ** 2))
    colour = np.float32(colour) * np.clip(shade, 0, 1.4)[..., None]
    opening = np.clip(1.06 - e, 0, .04) / .04 * (y > cy - 60)
    return colour, alpha.astype(np.float32), opening.astype(np.float32), (cy, b)
