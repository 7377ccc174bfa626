"""The same composite turned and blinking: depth from a generic head, lids from the eye's landmarks."""
import cv2, numpy as np
from scipy.interpolate import RBFInterpolator
from sitters import H, IOD, RAYS, W

# Depth behind the nose's tip of the 68 landmarks in mm, on a head of 63 mm between the pupils (anthropometric means, rounded).
JAW = [92, 92, 90, 86, 79, 67, 51, 37, 30]
DEPTH = np.array(JAW + JAW[-2::-1] + [52, 38, 32, 28, 26, 26, 28, 32, 38, 52] + [25, 17, 8, 0] + [22, 15, 12, 15, 22]
                 + [45, 39, 37, 39, 37, 39] + [39, 37, 39, 45, 39, 37] + [33, 24, 16, 17, 16, 24, 33, 24, 18, 18, 18, 24] + [32, 20, 20, 20, 32, 20, 20, 20], float)
MM = IOD / 63.0  # pixels a millimetre
AXIS = 95.0  # depth of the turning axis, mm: the neck


def depth(points, x, y):
    """Depth, mm behind the nose's tip, at work coordinates x, y (a regular canvas)."""
    chin, crown = points[8], points[70 + len(RAYS) // 2]
    brow, nose = points[[21, 22]].mean(0), points[33]
    extra = [(nose[0] + s * IOD * w, nose[1] + dy, z) for s in (-1, 1) for w, dy, z in ((.38, 0, 30), (.62, -15, 48), (.55, 45, 46), (.75, -45, 60))]
    for t, z in ((.30, 24), (.6, 36), (.85, 66)):
        c = brow + (crown - brow) * t
        extra += [(c[0], c[1], z)] + [(c[0] + s * IOD * w, c[1] + dy, z + dz) for s in (-1, 1) for w, dy, dz in ((.5, 0, 12), (.8, 10, 30))]
    for dy, z in ((30, 62), (70, 78), (120, 84), (200, 88), (290, 90), (400, 90)):
        extra += [(W / 2, chin[1] + dy, z)] + [(W / 2 + s * IOD * w, chin[1] + dy, zz) for s in (-1, 1) for w, zz in ((.75, 104), (1.7, 112), (2.6, 112))]
    extra += [(x0, y0, 100) for x0 in (-100, 0, W, W + 100) for y0 in (0, 200, 400)] + [(W / 2, 0, 100)]
    extra = np.array(extra)
    P = np.vstack([points[:68], points[70:70 + len(RAYS)], extra[:, :2]])
    Z = np.concatenate([DEPTH, 92 + 3 * np.abs(np.sin(RAYS)), extra[:, 2]])
    f = RBFInterpolator(P, Z, kernel='thin_plate_spline', smoothing=30.0)
    small = np.stack([x[::5, ::5].ravel(), y[::5, ::5].ravel()], 1)
    z = f(small).reshape(x[::5, ::5].shape).astype(np.float32)
    z = cv2.remap(z, (x - x[0, 0]) / 5, (y - y[0, 0]) / 5, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(np.clip(z, -4, 130), (0, 0), 5)


def turn(layers, points, degrees, canvas):
    """Layers (float) over `canvas` (x0, y0, x1, y1) as a camera sees them after a turn; the body follows less and less."""
    x0, y0, x1, y1 = canvas
    x, y = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    h, w = x.shape
    z = depth(points, x, y)
    fine = np.arange(x0, x1, .25, dtype=np.float32)
    zz = np.stack([np.interp(fine, x[0], row) for row in z]).astype(np.float32)
    angle = np.deg2rad(degrees) * (1 - .75 * np.clip((y[:, :1] - points[8, 1] - 5) / 130, 0, 1) ** 1.2)
    X, Z = fine[None] - W / 2, (AXIS - zz) * MM
    xr, zr = X * np.cos(angle) + Z * np.sin(angle), Z * np.cos(angle) - X * np.sin(angle)
    camera = 900 * MM
    xr = xr * (camera - (AXIS - 40) * MM) / (camera - zr) + W / 2
    column = np.round(xr - x0).astype(int)
    rows = np.repeat(np.arange(h)[:, None], len(fine), 1)
    ok = (column >= 0) & (column < w)
    order = np.argsort(zr[ok], kind='stable')  # nearest to the camera written last
    source = np.full((h, w), np.nan, np.float32)
    source[rows[ok][order], column[ok][order]] = np.broadcast_to(fine[None] - x0, xr.shape)[ok][order]
    for r in range(h):
        seen = ~np.isnan(source[r])
        source[r] = np.interp(np.arange(w), np.flatnonzero(seen), source[r][seen])
    source = cv2.GaussianBlur(cv2.medianBlur(source, 5), (0, 0), 1.2)
    yy = np.repeat(np.arange(h, dtype=np.float32)[:, None], w, 1)
    return [cv2.remap(np.float32(l), source, yy, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) for l in layers]


def lids(l, first):
    """Corner abscissae and the two lids as functions of x. The landmark model sets the outer corner at the iris: corrected here."""
    e = l[first:first + 6]
    inner, outer = (e[3], e[0]) if first == 36 else (e[0], e[3])
    outer = outer + .33 * (outer - inner)
    left, right = sorted((inner, outer), key=lambda p: p[0])
    w = right[0] - left[0]

    def lid(apex):
        def y(x):
            t = np.clip((x - left[0]) / w, 0, 1)
            base = left[1] + t * (right[1] - left[1])
            return base + (apex - (left[1] + right[1]) / 2) * np.power(4 * t * (1 - t), .75)
        return y
    return left[0], right[0], lid(e[[1, 2], 1].mean() - .045 * w), lid(e[[4, 5], 1].mean() + .05 * w)


def blink(image, l):
    """Close both eyes: the skin above the lid is drawn down to the lower lid, its lashes with it."""
    xx, yy = np.meshgrid(np.arange(W, dtype=np.float32), np.arange(H, dtype=np.float32))
    my, lashes, crease = yy.copy(), np.zeros((H, W), np.float32), np.zeros((H, W), np.float32)
    mirror, opening = yy.copy(), np.zeros((H, W), np.float32)
    for first, brow in ((36, slice(17, 22)), (42, slice(22, 27))):
        x0, x1, upper, lower = lids(l, first)
        yu, yl = upper(xx), lower(xx)
        yl = np.maximum(yl, yu)
        top = yu - .4 * (yu - np.polyval(np.polyfit(*l[brow].T, 2), xx))
        lid = (xx > x0) & (xx < x1) & (yy > top) & (yy <= yl)
        t = (yy - top) / np.maximum(yl - top, 1)
        # Most of the stretch lies in the lid itself; the skin under the brow hardly moves.
        source = top + (yu - 3 - top) * (.55 * t + .45 * t ** 2)
        my = np.where(lid, source, my)
        # Deep-set eyes have hardly any lid to draw down: the skin below the eye, mirrored, fills in.
        inside = (xx > x0) & (xx < x1) & (yy > yu - 2) & (yy <= yl)
        mirror = np.where(inside, yl + 5 + (yl - yy) * .7, mirror)
        opening = np.maximum(opening, inside * np.float32(1))
        x = np.linspace(x0 + 3, x1 - 3, 60)
        cv2.polylines(lashes, [np.int32(np.stack([x, lower(x)], 1) * 16)], False, 1.0, 3, cv2.LINE_AA, 4)
        cv2.polylines(crease, [np.int32(np.stack([x, upper(x) - 1 + .25 * (lower(x) - upper(x))], 1) * 16)], False, 1.0, 2, cv2.LINE_AA, 4)
    closed = cv2.remap(np.float32(image), xx, cv2.GaussianBlur(np.float32(my), (0, 0), .9), cv2.INTER_CUBIC)
    filled = cv2.remap(np.float32(image), xx, np.float32(mirror), cv2.INTER_CUBIC)
    w = .75 * np.minimum(opening, cv2.GaussianBlur(opening, (0, 0), 2.5))[..., None]
    closed = closed * (1 - w) + filled * w
    return closed * (1 - .6 * cv2.GaussianBlur(lashes, (0, 0), 1.3) - .10 * cv2.GaussianBlur(crease, (0, 0), 2.0))[..., None]
