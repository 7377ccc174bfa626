"""Exact minutiae of a grown ridge pattern: the dislocations of its phase."""

import numpy as np

MERGE_PX = 3.5  # two dislocations nearer than this annihilate in any print
SINGULAR_PX = 9  # nearer to a core or delta, ridge ends are a matter of taste
COLUMNS = ("x", "y", "direction", "ending", "ignore")


def _wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def dislocations(even, odd, theta):
    """[n, 3] x, y, direction in rad. `theta` must be on the branch of the kernels that made `odd`."""
    rows, columns = even.shape[0] - 1, even.shape[1] - 1
    phases = []
    theta0 = theta[:rows, :columns]
    for dy, dx in ((0, 0), (0, 1), (1, 1), (1, 0)):
        cell = slice(dy, rows + dy), slice(dx, columns + dx)
        # The odd response changes sign where theta jumps by pi: align it to the cell's first corner.
        sign = np.where(np.cos(theta[cell] - theta0) < 0, -1, 1)
        phases.append(np.arctan2(odd[cell] * sign, even[cell]))
    winding = sum(_wrapped(phases[(i + 1) % 4] - phases[i]) for i in range(4)) / (2 * np.pi)
    found = []
    for y, x in zip(*np.nonzero(np.abs(winding) > 0.5)):
        direction = theta[y, x] + (0 if winding[y, x] > 0 else np.pi)
        found.append((x + 0.5, y + 0.5, direction % (2 * np.pi)))
    return np.array(found, np.float32).reshape(-1, 3)


def _without_close_pairs(points):
    if not len(points):
        return points
    distance = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1])
    np.fill_diagonal(distance, np.inf)
    return points[distance.min(1) >= MERGE_PX]


def minutiae_of(even, odd, theta, smooth_period, singular):
    """[n, 5] as COLUMNS: `ending` 1 where a ridge ends, 0 where it forks; `ignore` 1 near a singular point."""
    height, width = even.shape
    points = _without_close_pairs(dislocations(even, odd, theta))
    rows = []
    for x, y, direction in points:
        ahead = smooth_period[int(y), int(x)] * 0.8
        row, column = int(round(y + ahead * np.sin(direction))), int(round(x + ahead * np.cos(direction)))
        ending = 0 <= row < height and 0 <= column < width and even[row, column] > 0
        ignore = any(np.hypot(x - sx, y - sy) < SINGULAR_PX for sx, sy, _ in singular)
        rows.append((x, y, direction, float(ending), float(ignore)))
    return np.array(rows, np.float32).reshape(-1, 5)
