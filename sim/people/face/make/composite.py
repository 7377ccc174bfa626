"""A composite of several sitters: every one warped to one shape, aligned by optical flow, averaged, texture restored."""
import cv2, numpy as np
from scipy.interpolate import RBFInterpolator
from sitters import W, H

XX, YY = np.meshgrid(np.arange(W, dtype=np.float32), np.arange(H, dtype=np.float32))
STEP = 10
KNOTS = np.stack(np.meshgrid(np.arange(0, W + STEP, STEP), np.arange(0, H + STEP, STEP)), -1).astype(float)
BORDER = np.array([[x, y] for y in (0, H - 1) for x in np.linspace(0, W - 1, 5)] + [[x, y] for x in (0, W - 1) for y in np.linspace(0, H - 1, 6)[1:-1]])
FLOW = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
FLOW.setFinestScale(1)


def blur(x, sigma): return cv2.GaussianBlur(x, (0, 0), sigma)


def thin_plate(source, target):
    """Map (x, y) from every pixel of the target's frame to the source's: a thin-plate spline through points and border."""
    s, d = np.vstack([source, BORDER]), np.vstack([target, BORDER])
    r = RBFInterpolator(d, s - d, kernel='thin_plate_spline', smoothing=3.0)(KNOTS.reshape(-1, 2)).reshape(KNOTS.shape).astype(np.float32)
    b = cv2.remap(r, XX / STEP, YY / STEP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return XX + b[..., 0], YY + b[..., 1]


def warp(image, m, flags=cv2.INTER_CUBIC): return cv2.remap(image, m[0], m[1], flags, borderMode=cv2.BORDER_REPLICATE)


def covered_mean(images, masks):
    """Mean over the sitters who cover a pixel, so that no wall bleeds into hair."""
    w = np.maximum(masks, 1e-3)[..., None]
    return (images * w).sum(0) / w.sum(0)


def local_contrast(image):
    """Grey of even local mean and contrast, for the flow: skin tones differ, features agree."""
    g = cv2.cvtColor(np.float32(image), cv2.COLOR_BGR2GRAY)
    m = blur(g, 25)
    return np.clip(128 + 45 * (g - m) / np.sqrt(blur((g - m) ** 2, 25) + 9), 0, 255).astype(np.uint8)


def align(sitters, target, rounds=3):
    """Warp each sitter to `target`, then refine by optical flow towards the running mean. -> images, masks."""
    maps = [thin_plate(s['points'], target) for s in sitters]
    # The flow may move features of the face; hair styles differ too much for it to mean anything.
    jaw = np.vstack([target[:17], target[16] + [0, -90], target[24] + [0, -50], target[19] + [0, -50], target[0] + [0, -90]])
    face = np.zeros((H, W), np.float32)
    cv2.fillPoly(face, [np.int32(jaw)], 1.0)
    face = (0.35 + 0.55 * blur(face, 15))[..., None] * np.clip((760 - YY) / 60, 0, 1)[..., None]

    def render():
        images = np.array([warp(s['image'], m).astype(np.float32) for s, m in zip(sitters, maps)])
        masks = np.array([np.clip(warp(s['mask'], m, cv2.INTER_LINEAR).astype(np.float32) / 255, 0, 1) for s, m in zip(sitters, maps)])
        return images, masks

    images, masks = render()
    for _ in range(rounds):
        towards = local_contrast(covered_mean(images, masks))
        flows = []
        for image in images:
            f = FLOW.calc(towards, local_contrast(image), None)
            f = np.stack([blur(f[..., 0], 5), blur(f[..., 1], 5)], -1)
            flows.append(f * np.minimum(1, 14 / (np.linalg.norm(f, axis=-1, keepdims=True) + 1e-6)))
        flows = np.array(flows) - np.mean(flows, 0)  # the mean shape stays
        for k, f in enumerate(flows):
            x, y = XX + f[..., 0] * face[..., 0], YY + f[..., 1] * face[..., 0]
            maps[k] = tuple(cv2.remap(a, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for a in maps[k])
        images, masks = render()
    return images, masks


def luminance(x): return x @ np.float32([.114, .587, .299])


def average(images, masks, strength=0.8):
    """Mean texture with each fine band's local energy brought back to the sitters' own (Tiddeman, Burt and Perrett 2001)."""
    inside = np.array([cv2.erode(m, np.ones((5, 5), np.uint8)) for m in masks])
    g, bands = covered_mean(images, inside), []
    sources = list(images)
    out = 0
    for k in range(3):
        s = 4 * 2 ** k
        b = blur(g, 1.2 * 2 ** k)
        band, g = g - b, b
        energy = 0
        for i, image in enumerate(sources):
            low = blur(image, 1.2 * 2 ** k)
            energy = energy + blur(np.maximum(inside[i], 1e-3) * luminance(image - low) ** 2, s)
            sources[i] = low
        energy = energy / sum(blur(np.maximum(m, 1e-3), s) for m in inside)
        gain = np.clip(np.sqrt((energy + .2) / (blur(luminance(band) ** 2, s) + .2)), 1, 2.6)
        out = out + band * (1 + strength * (gain - 1))[..., None]
    return out + g


def silhouette(masks):
    """Alpha of the composite: where most of the sitters are."""
    a = blur(masks.mean(0), 3)
    a = np.clip((a - .5) / .16 + .5, 0, 1)
    solid = (a > .5).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (31, 31)))
    return np.minimum(a, blur(solid.astype(np.float32), 2) * 1.0)
