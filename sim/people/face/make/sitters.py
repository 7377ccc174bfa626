"""Sitters of the London set, aligned on the eyes: image, foreground mask and the control points of their shape."""
import csv, glob, os
import cv2, numpy as np
from models import similarity

W, H, IOD = 640, 850, 150.0  # work canvas and inter-eye distance, pixels
EYE_Y = 355.0
EYES = np.array([[W / 2 - IOD / 2, EYE_Y], [W / 2 + IOD / 2, EYE_Y]])
RAYS = np.deg2rad(np.arange(-80, 81, 10))  # directions of the head's outline, 0 = up
SHOULDERS = (-1.9, -1.6, -1.3, 1.3, 1.6, 1.9)  # columns of the shoulder line, inter-eye distances from the middle
FLIP = np.array(list(range(16, -1, -1)) + list(range(26, 16, -1)) + [27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
                + list(range(54, 47, -1)) + list(range(59, 54, -1)) + [64, 63, 62, 61, 60, 67, 66, 65])


def steady_landmarks(models, image, box, rounds=15):
    """Median of the landmarks over jittered boxes and their mirror images: the model sees only 64 pixels."""
    rng = np.random.default_rng(1)
    size = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    mirror, width, found = np.ascontiguousarray(image[:, ::-1]), image.shape[1], []
    for i in range(rounds):
        b = box + (rng.normal(0, 0.02, 4) * size if i else 0)
        found.append(models.landmarks(image, b))
        m = models.landmarks(mirror, np.array([width - b[2], b[1], width - b[0], b[3]]))
        m[:, 0] = width - 1 - m[:, 0]
        found.append(m[FLIP])
    return np.median(found, 0)


def foreground(image, landmarks):
    """0/1 mask of the sitter: what differs from a polynomial fitted to the studio's grey wall."""
    h, w = image.shape[:2]
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    X, Y = xx / w * 2 - 1, yy / h * 2 - 1
    terms = np.stack([np.ones_like(X), X, Y, X * X, X * Y, Y * Y, X ** 4, X * X * Y], -1)
    wall = np.zeros((h, w), bool)
    wall[:int(h * .70), :int(w * .16)] = True
    wall[:int(h * .70), -int(w * .16):] = True
    wall[:int(max(8, landmarks[:, 1].min() - (landmarks[8, 1] - landmarks[27, 1]) * .95))] = True
    at = np.flatnonzero(wall.ravel())[::37]
    fitted = np.zeros_like(lab)
    for c in range(3):
        a, b = terms.reshape(-1, 8)[at], lab[..., c].ravel()[at]
        k = np.ones(len(b), bool)
        for _ in range(3):  # leaves out the hair that reaches into the strips
            s = np.linalg.lstsq(a[k], b[k], rcond=None)[0]
            r = np.abs(a @ s - b)
            k = r < max(3, 2.5 * np.median(r))
        fitted[..., c] = terms @ s
    d = cv2.GaussianBlur(lab - fitted, (0, 0), 1.0)
    e = np.sqrt((d[..., 0] * .7) ** 2 + (2 * d[..., 1]) ** 2 + (2 * d[..., 2]) ** 2)
    e[wall & (np.abs(X) > .72) & (yy < h * .6)] = 0
    m = cv2.morphologyEx((e > 11).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    m = cv2.morphologyEx(m, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, parts = cv2.connectedComponents(m)
    m = (parts == parts[int(landmarks[30, 1]), int(landmarks[30, 0])]).astype(np.uint8)
    _, holes = cv2.connectedComponents(1 - m)
    outside = np.isin(holes, list(set(holes[0]) | set(holes[:, 0]) | set(holes[:, -1])))
    return np.where(outside & (m == 0), 0, 1).astype(np.uint8)


def pupil(image, landmarks, first):
    """Centre of the dark disc near the middle of an eye's six landmarks."""
    eye = landmarks[first:first + 6]
    c, w = eye.mean(0), np.ptp(eye[:, 0])
    r, R = w * .21, int(w * .55)
    x0, y0 = int(c[0]) - R, int(c[1]) - R
    red = image[y0:y0 + 2 * R + 1, x0:x0 + 2 * R + 1, 2].astype(np.float32)
    k = int(r * 1.7)
    yy, xx = np.mgrid[-k:k + 1, -k:k + 1]
    inside, beside = np.hypot(yy, xx) <= r, (np.hypot(yy, xx) > r) & (np.abs(yy) < r * .6)
    kernel = np.where(inside, -1 / inside.sum(), 0) + np.where(beside, 1 / beside.sum(), 0)
    q = cv2.filter2D(np.minimum(red, np.percentile(red, 80)), -1, kernel.astype(np.float32), borderType=cv2.BORDER_REPLICATE)
    yy, xx = np.mgrid[0:2 * R + 1, 0:2 * R + 1]
    q = q - 8 * np.hypot((xx - R) / (w * .16), (yy - R) / (w * .12)) ** 2
    y, x = np.unravel_index(q.argmax(), q.shape)
    return np.array([x0 + x, y0 + y], float)


def outline(mask):
    """Where the rays from between the brows leave the head."""
    solid, start, out = cv2.GaussianBlur(mask, (0, 0), 2) > 127, np.array([W / 2, EYE_Y - 25]), []
    t = np.arange(20, 330)
    for angle in RAYS:
        d = np.array([np.sin(angle), -np.cos(angle)])
        xs, ys = np.clip(np.round(start[0] + t * d[0]).astype(int), 0, W - 1), np.clip(np.round(start[1] + t * d[1]).astype(int), 0, H - 1)
        free = np.flatnonzero(~solid[ys, xs])
        out.append(start + t[free[0] if len(free) else -1] * d)
    shoulders = []
    for q in SHOULDERS:
        x = int(np.clip(W / 2 + q * IOD, 0, W - 1))
        hit = np.flatnonzero(solid[480:, x])
        shoulders.append([x, 480 + (hit[0] if len(hit) else 300)])
    return np.vstack([out, shoulders])


def load(models, folder):
    """{(sitter, expression): {'image', 'mask', 'points'}}; expression '03' neutral, '08' smiling."""
    with open(os.path.join(folder, 'landmarks_london.csv')) as f:
        hand = {r['path']: np.array([float(v) for v in list(r.values())[1:]]).reshape(2, 2) for r in csv.DictReader(f)}
    sitters = {}
    for path in sorted(glob.glob(os.path.join(folder, 'london', '*.jpg'))):
        name = os.path.basename(path)[:-4]
        image = cv2.imread(path)
        l = steady_landmarks(models, image, models.detect(image)[0][0])
        p = hand.get(f'london/{name}.jpg')
        if p is None:
            p = np.array([pupil(image, l, 36), pupil(image, l, 42)])
        A = similarity(p, EYES)
        move = lambda z: cv2.warpAffine(z, A, (W, H), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mask = move(foreground(image, l) * np.uint8(255))
        sitters[name[:3], name[4:]] = {'image': move(image), 'mask': mask, 'points': np.vstack([l @ A[:, :2].T + A[:, 2], EYES, outline(mask)])}
    return sitters
