"""Gabor filters whose orientation and period are chosen for every pixel: the engine of ridge growth."""

import numpy as np
from numba import njit

ORIENTATIONS = 64  # steps of pi / 64 over the half circle
PERIOD_MIN, PERIOD_MAX, PERIODS = 6.5, 13.0, 14  # px at 500 ppi
SIGMA_ALONG, SIGMA_ACROSS = 0.60, 0.42  # in ridge periods


def bank(pixel_px, size, odd=False):
    """Kernels [ORIENTATIONS, PERIODS, size, size] for an image of `pixel_px` px (500 ppi) a pixel.

    Even kernels have zero mean; a plane wave of unit amplitude at the kernel's period gives 1.
    """
    radius = size // 2
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1].astype(np.float64)
    kernels = np.zeros((ORIENTATIONS, PERIODS, size, size), np.float32)
    for i in range(ORIENTATIONS):
        theta = i * np.pi / ORIENTATIONS
        along = x * np.cos(theta) + y * np.sin(theta)
        across = -x * np.sin(theta) + y * np.cos(theta)
        for j, period in enumerate(np.linspace(PERIOD_MIN, PERIOD_MAX, PERIODS) / pixel_px):
            envelope = np.exp(-0.5 * ((along / (SIGMA_ALONG * period)) ** 2 + (across / (SIGMA_ACROSS * period)) ** 2))
            phase = 2 * np.pi * across / period
            wave = np.sin(phase) if odd else np.cos(phase)
            kernel = envelope * wave
            if not odd:
                kernel -= envelope * (kernel.sum() / envelope.sum())
            kernels[i, j] = kernel / np.abs((kernel * wave).sum())
    return kernels


def kernel_index(theta, period):
    """(orientation index, period index) of the nearest kernels."""
    orientation = np.round(theta / np.pi * ORIENTATIONS).astype(np.int64) % ORIENTATIONS
    step = (period - PERIOD_MIN) / (PERIOD_MAX - PERIOD_MIN) * (PERIODS - 1)
    return orientation, np.clip(np.round(step), 0, PERIODS - 1).astype(np.int64)


@njit(fastmath=True, cache=True)
def filter_varying(image, orientation, period, kernels, out):
    """out[y, x] = response of the kernel chosen for that pixel; the rim of half a kernel is left as it is."""
    height, width = image.shape
    size = kernels.shape[2]
    radius = size // 2
    for y in range(radius, height - radius):
        for x in range(radius, width - radius):
            kernel = kernels[orientation[y, x], period[y, x]]
            total = np.float32(0)
            for a in range(size):
                for b in range(size):
                    total += kernel[a, b] * image[y - radius + a, x - radius + b]
            out[y, x] = total
