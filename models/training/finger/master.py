"""A master print: the ridge pattern of one finger with its exact minutiae, grown from noise along a ridge flow."""

from functools import lru_cache

import cv2
import numpy as np

from flow import CLASSES, HEIGHT, SHARES, WIDTH, orientation_field, period_field
from gabor import ORIENTATIONS, bank, filter_varying, kernel_index
from minutiae import minutiae_of

HALF_PAD, FULL_PAD = 8, 12  # px; at least half a kernel
HALF_KERNEL, FULL_KERNEL = 13, 23  # px; 2.7 sigma at the largest period
GROWTH_GAIN = 1.6


@lru_cache(maxsize=None)
def _banks():
    return bank(2, HALF_KERNEL), bank(1, FULL_KERNEL), bank(1, FULL_KERNEL, odd=True)


def _mirror_rim(image):
    image[:6] = image[12:6:-1]
    image[-6:] = image[-7:-13:-1]
    image[:, :6] = image[:, 12:6:-1]
    image[:, -6:] = image[:, -7:-13:-1]


def _grow(rng, theta, period):
    """Ridges [HEIGHT / 2, WIDTH / 2] in -1..1, grown from Gaussian noise."""
    orientation, period_step = (np.pad(i, HALF_PAD, mode="edge") for i in kernel_index(theta, period))
    image = rng.standard_normal(orientation.shape).astype(np.float32) * 0.5
    response = np.zeros_like(image)
    for _ in range(int(rng.integers(26, 60))):
        filter_varying(image, orientation, period_step, _banks()[0], response)
        image = np.tanh(GROWTH_GAIN * response).astype(np.float32)
        _mirror_rim(image)
    return image[HALF_PAD:-HALF_PAD, HALF_PAD:-HALF_PAD]


def _enlarged_angle(theta):
    cosine = cv2.resize(np.cos(2 * theta), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    sine = cv2.resize(np.sin(2 * theta), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return 0.5 * np.arctan2(sine, cosine)


def make_master(seed, pattern=None):
    """One finger. `ridges` int8 -127..127 (ridge positive); `theta`, `period` on every fourth px; `minutiae` [n, 5]."""
    rng = np.random.default_rng(seed)
    pattern = pattern or str(rng.choice(CLASSES, p=SHARES))
    theta, singular = orientation_field(rng, pattern, HEIGHT // 2, WIDTH // 2, 2)
    period = period_field(rng, HEIGHT // 2, WIDTH // 2)
    grown = cv2.resize(_grow(rng, theta, period), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)

    theta, period = _enlarged_angle(theta), cv2.resize(period, (WIDTH, HEIGHT))
    index = [np.pad(i, FULL_PAD, mode="edge") for i in kernel_index(theta, period)]
    _, even_kernels, odd_kernels = _banks()
    image = np.pad(grown, FULL_PAD, mode="reflect")
    even, odd = np.zeros_like(image), np.zeros_like(image)
    filter_varying(image, *index, even_kernels, even)
    image = np.tanh(GROWTH_GAIN * even).astype(np.float32)
    even = np.zeros_like(image)
    filter_varying(image, *index, even_kernels, even)
    filter_varying(image, *index, odd_kernels, odd)
    even, odd, orientation = (a[FULL_PAD:-FULL_PAD, FULL_PAD:-FULL_PAD] for a in (even, odd, index[0]))

    kernel_theta = (orientation * np.pi / ORIENTATIONS).astype(np.float32)
    ridges = np.tanh(1.3 * even / (np.sqrt(even**2 + odd**2) + 0.15))
    return {
        "ridges": (ridges * 127).astype(np.int8),
        "theta": theta[::4, ::4].astype(np.float32),
        "period": period[::4, ::4].astype(np.float16),
        "minutiae": minutiae_of(even, odd, kernel_theta, period, singular),
        "singular": singular,
        "pattern": pattern,
        "seed": seed,
    }
