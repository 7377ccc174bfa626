"""Makes the portraits of the synthetic people: python make.py DATA_FOLDER MODELS_FOLDER [NAME ...]. See README.md."""
import argparse, json, os
import cv2, numpy as np
from models import Models
from sitters import W, H, IOD, EYE_Y, load, steady_landmarks
import composite as C, dress, poses
from separate import basis, pushed

HERE = os.path.dirname(os.path.abspath(__file__))
OUT_W, OUT_H, SCALE = 512, 680, 0.8  # committed frame: the camera's 480x640 and a margin for its movement
TURN = 20  # degrees of the turned frames
FACE = 272.0  # usual height from eyes to chin on the work canvas


def caricature(points, population, factor):
    """Shape away from the population's mean; the eyes stay where they are."""
    f = np.full((len(points), 1), factor)
    f[:17] = 1 + .75 * (factor - 1)
    f[70:] = 1 + .15 * (factor - 1)  # hair and shoulders say little of who it is and soon look odd
    p = population + f * (points - population)
    p[68:70] = points[68:70]
    return p


def average_of(sitters, ids, expression, means):
    """The plain composite: shape, texture, mask, and the population's texture in its shape."""
    own = [sitters[i, expression] for i in ids]
    shape = np.mean([s['points'] for s in own], 0)
    images, masks = C.align(own, shape)
    points, everyone = means[expression]
    return shape, C.average(images, masks), masks.mean(0), C.warp(everyone, C.thin_plate(points, shape))


def exaggerated_picture(shape, picture, everyone, settings):
    face = np.zeros((H, W), np.float32)
    cv2.fillPoly(face, [np.int32(np.vstack([shape[:17], shape[26:16:-1] + [0, -30]]))], 1.0)
    return picture + (settings['texture'] - 1) * C.blur(picture - everyone, 4) * C.blur(face, 12)[..., None]


def exaggerate(plain, settings, mean_points, neutral_points, variations):
    """Caricature: an average of n people is sqrt(n) times less distinct than one; this gives the distance back."""
    shape, picture, covered, everyone = plain
    picture = exaggerated_picture(shape, picture, everyone, settings)
    move, picture = pushed(shape, picture, settings, variations, neutral_points)
    target = caricature(shape, mean_points, settings['shape']) + move
    m = C.thin_plate(shape, target)
    return target, np.clip(C.warp(picture, m), 0, 255), C.silhouette(C.warp(covered, m, cv2.INTER_LINEAR)[None])


def prepare(models, data, cache):
    """Sitters, population means per expression and the population's main variations; kept in `cache` where named."""
    if cache and os.path.exists(cache):
        return np.load(cache, allow_pickle=True)['a']
    sitters, means = load(models, data), {}
    for e in ('03', '08'):
        group = [s for (_, x), s in sitters.items() if x == e]
        p = np.mean([s['points'] for s in group], 0)
        means[e] = p, np.mean([C.warp(s['image'], C.thin_plate(s['points'], p)).astype(np.float32) for s in group], 0)
    box = np.empty(3, object)
    box[0], box[1], box[2] = sitters, means, basis(sitters, means['03'][0])
    if cache:
        np.savez(cache, a=box)
    return box


def dressed(layer, settings, canvas):
    """Person on a canvas (x0, y0, x1, y1 in work coordinates). -> BGR, alpha."""
    shape, picture, alpha = layer
    x0, y0, x1, y1 = canvas
    x, y = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    chin = shape[8, 1]
    row = alpha[int(min(H - 1, chin + 35))]
    half = min(np.argmax(row[W // 2:] < .5) or 200, np.argmax(row[:W // 2][::-1] < .5) or 200)
    half = float(np.clip(half, .6 * IOD, (.72 if settings['sex'] == 'f' else .88) * IOD))
    colour, cloth, opening, (cy, b) = dress.shirt(x, y, shape, half, settings['shirt'], settings['seed'])
    big = np.zeros(x.shape + (3,), np.float32); a = np.zeros(x.shape, np.float32)
    ys, xs = slice(-y0, -y0 + H), slice(-x0, -x0 + W)
    big[ys, xs], a[ys, xs] = picture, alpha
    a = np.where(y > cy - 10, np.maximum(opening, 0), a)
    # Loose hair beside jaw and neck differs in each sitter: nothing of it is kept below the ears.
    jaw = np.zeros(x.shape, np.uint8)
    cv2.fillPoly(jaw, [np.int32(shape[:17] - [x0, y0])], 1)
    jaw = np.maximum(jaw, np.uint8((np.abs(x - W / 2) < half) & (y > shape[4, 1])))
    away = cv2.distanceTransform(1 - jaw, cv2.DIST_L2, 5)
    lobe = shape[[3, 13], 1].mean() - 12
    allowed = np.where(y < lobe - 25, 400, 6 + (24 if settings['sex'] == 'f' else 34) * np.clip(1 - (y - lobe + 25) / 60, 0, 1))
    a = np.minimum(a, cv2.GaussianBlur(np.float32(np.clip((allowed - away) / 2 + .5, 0, 1)), (0, 0), 2))
    shadow = 1 - .25 * np.exp(-np.clip(cy + b - y, 0, None) / 14) * (y > cy - 40)
    big = big * shadow[..., None]
    out = big * (1 - cloth[..., None]) + colour * cloth[..., None]
    return out, np.maximum(a, cloth)


def place(person, alpha, background, scale, eye_at, canvas, size):
    """Scale a person so that the point between the eyes lies at `eye_at` of a frame of `size`."""
    M = np.float64([[scale, 0, eye_at[0] - scale * (W / 2 - canvas[0])], [0, scale, eye_at[1] - scale * (EYE_Y - canvas[1])]])
    s = .5 / scale if scale < 1 else 0.1
    soft = lambda z: cv2.GaussianBlur(z, (0, 0), s) if s > .3 else z
    p = cv2.warpAffine(soft(person * alpha[..., None]), M, size, flags=cv2.INTER_CUBIC)
    a = np.clip(cv2.warpAffine(soft(alpha), M, size, flags=cv2.INTER_CUBIC), 0, 1)[..., None]
    return p + background * (1 - a)


def finish(image, seed, quality=80):
    rng = np.random.default_rng(seed)
    sharp = image + .35 * (image - cv2.GaussianBlur(image, (0, 0), 1.0))
    sharp = sharp + rng.normal(0, 0.6, image.shape[:2])[..., None]
    return cv2.imencode('.jpg', np.clip(sharp, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])[1].tobytes()


CANVAS = (-420, 0, W + 420, 2000)


class Plains(dict):
    """Plain composites, kept on disk between runs where a cache is named: the alignment takes nearly all the time."""

    def __init__(self, cache):
        super().__init__()
        self.folder = cache and cache + '.plain'
        if self.folder:
            os.makedirs(self.folder, exist_ok=True)

    def __contains__(self, key): return bool(self.folder) and os.path.exists(f'{self.folder}/{key}.npz') or super().__contains__(key)

    def __setitem__(self, key, plain):
        if self.folder:
            np.savez(f'{self.folder}/{key}.npz', *[np.float32(p) for p in plain])
        else:
            super().__setitem__(key, plain)

    def __getitem__(self, key):
        if not self.folder:
            return super().__getitem__(key)
        with np.load(f'{self.folder}/{key}.npz') as z:
            return [z[k] for k in z.files]


def main():
    a = argparse.ArgumentParser()
    a.add_argument('data'); a.add_argument('models'); a.add_argument('names', nargs='*')
    a.add_argument('--out', default=os.path.join(HERE, '..', 'frames')); a.add_argument('--cache')
    o = a.parse_args()
    with open(os.path.join(HERE, '..', 'composites.json')) as f:
        people = json.load(f)['people']
    models = Models(o.models)
    sitters, means, variations = prepare(models, o.data, o.cache)
    plains = Plains(o.cache)
    os.makedirs(o.out, exist_ok=True)
    background = dress.wall(OUT_H, OUT_W)
    far_wall = cv2.resize(background, (OUT_W, OUT_H))

    def write(name, data):
        with open(os.path.join(o.out, name), 'wb') as f:
            f.write(data)

    write('nobody.jpg', finish(background, 1))
    neutral = {}
    for k, person in enumerate(people):
        name, ids = person['name'], person['sitters']
        if o.names and name not in o.names:
            continue
        layers = {}
        for pose, e in (('neutral', '03'), ('smile', '08')):
            key = f'{e}-' + '-'.join(ids)
            if key not in plains:
                plains[key] = average_of(sitters, ids, e, means)
            layers[pose] = exaggerate(plains[key], person, means[e][0], means['03'][0], variations)
        full = {pose: dressed(l, person, CANVAS) for pose, l in layers.items()}
        neutral[name] = full['neutral']
        eye = (OUT_W / 2, EYE_Y * SCALE)
        scale = SCALE * FACE / (layers['neutral'][0][8, 1] - EYE_Y)  # every head as large in the camera's frame
        for pose in ('neutral', 'smile'):
            write(f'{name}-{pose}.jpg', finish(place(*full[pose], background, scale, eye, CANVAS, (OUT_W, OUT_H)), k))
        shape, picture, alpha = layers['neutral']
        box = models.detect(np.uint8(picture))[0][0]
        l = steady_landmarks(models, np.uint8(picture), box)
        closed = dressed((shape, poses.blink(picture, l), alpha), person, CANVAS)
        write(f'{name}-blink.jpg', finish(place(*closed, background, scale, eye, CANVAS, (OUT_W, OUT_H)), k + 100))
        part = (-120, 0, W + 120, 1000)
        ys, xs = slice(0, part[3]), slice(part[0] - CANVAS[0], part[2] - CANVAS[0])
        p, al = full['neutral'][0][ys, xs], full['neutral'][1][ys, xs]
        for pose, degrees in (('turned-left', TURN), ('turned-right', -TURN)):
            q, qa = poses.turn([p * al[..., None], al], shape, degrees, part)
            q = q / np.maximum(qa, .02)[..., None]
            write(f'{name}-{pose}.jpg', finish(place(q, np.clip(qa, 0, 1), background, scale, eye, part, (OUT_W, OUT_H)), k + 200))
        write(f'{name}-too-far.jpg', finish(place(*full['neutral'], background, .25, (OUT_W / 2, OUT_H * .42), CANVAS, (OUT_W, OUT_H)), k + 300))
        print(name, 'made', flush=True)
    names = [p['name'] for p in people]
    for k, name in enumerate(names):
        other = names[(k + 1) % len(names)]
        if name in neutral and other in neutral:
            frame = place(*neutral[other], background, .4, (OUT_W * .72, OUT_H * .42), CANVAS, (OUT_W, OUT_H))
            write(f'{name}-two-faces.jpg', finish(place(*neutral[name], frame, .44, (OUT_W * .28, OUT_H * .40), CANVAS, (OUT_W, OUT_H)), k + 400))


if __name__ == '__main__':
    main()
