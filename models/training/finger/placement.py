"""Where a finger lies on the sensor and how its skin is stretched: a map from image to master, and its inverse."""

from dataclasses import dataclass

import cv2
import numpy as np

from flow import HEIGHT, WIDTH
from noise import smooth_field

GRID = 8  # px between the nodes of the map
COARSE = 4  # px between the samples of its Jacobian
NEWTON_STEPS = 6


@dataclass
class Placement:
    """map_x, map_y [h, w]: the master's px that each image px shows; the rest is the rigid part of the same map."""

    map_x: np.ndarray
    map_y: np.ndarray
    rotation: float
    scale: float
    centre: tuple

    @property
    def inside(self):
        """True where the map stays on the master."""
        x, y = self.map_x, self.map_y
        return (x > 4) & (x < WIDTH - 5) & (y > 4) & (y < HEIGHT - 5)

    def rigid_to_image(self, x, y):
        """Image px of a master's px, without the skin's stretch."""
        height, width = self.map_x.shape
        dx, dy = self.turned_back(x - self.centre[0], y - self.centre[1])
        return width / 2 + dx, height / 2 + dy

    def turned_back(self, dx, dy):
        """A master's displacement in the image, without the skin's stretch."""
        c, s = np.cos(self.rotation) * self.scale, np.sin(self.rotation) * self.scale
        return c * dx + s * dy, -s * dx + c * dy

    def at(self, x, y):
        """The map read between its px."""
        height, width = self.map_x.shape
        column = np.clip(x, 0, width - 1).astype(np.float32)[None]
        row = np.clip(y, 0, height - 1).astype(np.float32)[None]
        return tuple(cv2.remap(m, column, row, cv2.INTER_LINEAR)[0] for m in (self.map_x, self.map_y))

    def jacobian(self):
        """(xx, xy, yx, yy) on every COARSE-th px: the change of the map along the image's x and y."""
        x, y = self.map_x[::COARSE, ::COARSE], self.map_y[::COARSE, ::COARSE]
        return tuple(np.gradient(m, axis=axis) / COARSE for m in (x, y) for axis in (1, 0))


def place(rng, height, width, difficulty):
    """A random placement: rotation about 13 degrees, scale 3 %, shift a tenth of the canvas, elastic and sheared skin."""
    rotation = np.clip(rng.normal(0, 0.22), -0.7, 0.7)
    scale = 1 + rng.normal(0, 0.03)
    centre_x = WIDTH / 2 + rng.normal(0, 0.10 * WIDTH)
    centre_y = HEIGHT * 0.47 + rng.normal(0, 0.11 * HEIGHT)
    if height < 380:
        centre_y += rng.normal(0, 0.07 * HEIGHT)
    if width < 360:
        centre_x += rng.normal(0, 0.07 * WIDTH)
    y, x = np.mgrid[0:height:GRID, 0:width:GRID].astype(np.float32)
    stretch_x, stretch_y = _stretch(rng, x, y, height, width, difficulty)
    u, v = x - width / 2 + stretch_x, y - height / 2 + stretch_y
    c, s = np.cos(rotation) / scale, np.sin(rotation) / scale
    maps = ((c * u - s * v + centre_x).astype(np.float32), (s * u + c * v + centre_y).astype(np.float32))
    map_x, map_y = (_dense(m, height, width) for m in maps)
    return Placement(map_x, map_y, float(rotation), float(scale), (centre_x, centre_y))


def _stretch(rng, x, y, height, width, difficulty):
    """Elastic field plus Cappelli's shear: an inner disc sticks to the glass, the skin around it slides and turns."""
    rows, columns = x.shape
    amplitude = abs(rng.normal(0, 1)) * 2.6 * (0.4 + difficulty)
    length = rng.uniform(70, 170)
    dx = smooth_field(rng, rows, columns, length / GRID) * amplitude
    dy = smooth_field(rng, rows, columns, length / GRID) * amplitude
    slide_x, slide_y = (rng.normal(0, 5 * (0.3 + difficulty)) for _ in range(2))
    turn = rng.normal(0, 0.05 * (0.3 + difficulty))
    disc_x, disc_y = width / 2 + rng.normal(0, 40), height / 2 + rng.normal(0, 40)
    radius = np.hypot((x - disc_x) / rng.uniform(80, 150), (y - disc_y) / rng.uniform(80, 170))
    outside = np.clip(radius - 0.6, 0, 2) / 1.4
    outside = outside * outside / (1 + outside * outside) * 1.2
    dx += outside * (slide_x - turn * (y - disc_y))
    dy += outside * (slide_y + turn * (x - disc_x))
    return dx, dy


def _dense(nodes, height, width):
    """The nodes' values between them; cv2 aligns px centres, so shift node k back to px GRID * k."""
    rows, columns = nodes.shape
    enlarged = cv2.resize(nodes, (columns * GRID, rows * GRID), interpolation=cv2.INTER_LINEAR)
    shift = np.array([[1, 0, -(GRID - 1) / 2], [0, 1, -(GRID - 1) / 2]], np.float32)
    return cv2.warpAffine(enlarged, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)


def orientation_in_image(placement, theta):
    """The master's orientation field (on every fourth px) as it lies in the image, [h / 4, w / 4] in rad."""
    x, y = (m[::COARSE, ::COARSE] / 4 for m in (placement.map_x, placement.map_y))
    cosine, sine = (
        cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in (np.cos(2 * theta), np.sin(2 * theta))
    )
    angle = 0.5 * np.arctan2(sine, cosine)
    return _direction_in_image(placement.jacobian(), np.cos(angle), np.sin(angle))


def _direction_in_image(jacobian, tangent_x, tangent_y):
    xx, xy, yx, yy = jacobian
    determinant = xx * yy - xy * yx
    return np.arctan2((-yx * tangent_x + xx * tangent_y) / determinant, (yy * tangent_x - xy * tangent_y) / determinant)


def minutiae_in_image(placement, minutiae):
    """[n, 6] x, y, direction, ending, ignore, index in the master; only those that fall on the image."""
    if not len(minutiae):
        return np.zeros((0, 6))
    height, width = placement.map_x.shape
    x, y = placement.rigid_to_image(minutiae[:, 0], minutiae[:, 1])
    for _ in range(NEWTON_STEPS):
        map_x, map_y = placement.at(x, y)
        dx, dy = placement.turned_back(minutiae[:, 0] - map_x, minutiae[:, 1] - map_y)
        x, y = x + dx, y + dy
    map_x, map_y = placement.at(x, y)
    converged = np.hypot(map_x - minutiae[:, 0], map_y - minutiae[:, 1]) < 1
    on_image = (x > 3) & (x < width - 4) & (y > 3) & (y < height - 4)
    jacobian = placement.jacobian()
    rows, columns = jacobian[0].shape
    column = np.clip((x / COARSE).round().astype(int), 0, columns - 1)
    row = np.clip((y / COARSE).round().astype(int), 0, rows - 1)
    local = [part[row, column] for part in jacobian]
    direction = _direction_in_image(local, np.cos(minutiae[:, 2]), np.sin(minutiae[:, 2]))
    placed = np.stack([x, y, direction, minutiae[:, 3], minutiae[:, 4], np.arange(len(minutiae))], 1)
    return placed[on_image & converged]
