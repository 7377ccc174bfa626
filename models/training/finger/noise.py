"""Random fields the generator is made of."""

import cv2
import numpy as np

cv2.setNumThreads(1)


def smooth_field(rng, height, width, scale):
    """Smooth noise of about unit variance, correlated over about `scale` cells; float32 [height, width]."""
    nodes_y = max(3, int(height / scale) + 3)
    nodes_x = max(3, int(width / scale) + 3)
    nodes = rng.standard_normal((nodes_y, nodes_x)).astype(np.float32)
    size = (int(nodes_x * scale) + 1, int(nodes_y * scale) + 1)
    field = cv2.resize(nodes, size, interpolation=cv2.INTER_CUBIC)
    top = rng.integers(0, max(1, field.shape[0] - height))
    left = rng.integers(0, max(1, field.shape[1] - width))
    field = field[top:top + height, left:left + width]
    if field.shape != (height, width):
        field = cv2.resize(field, (width, height))
    return field * 1.25  # cubic interpolation loses about a fifth of the nodes' deviation


def speckle(rng, height, width, sigma):
    """White noise blurred by `sigma` px and brought back to unit variance; float32 [height, width]."""
    noise = rng.standard_normal((height, width), dtype=np.float32)
    if sigma > 0:
        noise = cv2.GaussianBlur(noise, (0, 0), sigma)
        noise /= noise.std() + 1e-6
    return noise


def sigmoid(values, limit=20.0):
    """Logistic function with its argument clipped, so that exp never overflows."""
    return 1 / (1 + np.exp(-np.clip(values, -limit, limit)))
