"""Finds, for each composite, a push along the population's main variations that sets it apart from every sitter and every
other composite, and writes it into composites.json: python separate.py DATA_FOLDER MODELS_FOLDER --cache FILE. Seeded."""
import argparse, glob, json, os, time
import cv2, numpy as np
from scipy.interpolate import RBFInterpolator
import composite as C
from models import Models
from sitters import H, W

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = 14
LIMIT = 1.4  # standard deviations of a colour mode; more leaves patches
HALF = (W // 2, H // 2)


def face_mask(shape):
    m = np.zeros((H, W), np.float32)
    cv2.fillPoly(m, [np.int32(np.vstack([shape[:17], shape[26:16:-1] + [0, -45]]))], 1.0)
    return C.blur(m, 14)


def basis(sitters, mean_points):
    """Main variations of the neutral sitters, in standard deviations: shape (MODES x points x 2) of the face's landmarks,
    colour (MODES x H/2 x W/2 x 3) of the low-passed face in the mean shape."""
    group = [s for (_, e), s in sorted(sitters.items()) if e == '03']
    P = np.array([s['points'] for s in group]) - mean_points
    P[:, 68:] = 0
    flat = P.reshape(len(P), -1)
    _, S, V = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    shape = (S[:MODES, None] / np.sqrt(len(P)) * V[:MODES]).reshape(MODES, -1, 2)
    small = [cv2.resize(C.blur(C.warp(s['image'], C.thin_plate(s['points'], mean_points)).astype(np.float32), 4), HALF, interpolation=cv2.INTER_AREA) for s in group]
    T, m = np.array(small), cv2.resize(face_mask(mean_points), HALF)[..., None]
    T = T - T.mean(0)
    T = T - (T * m).sum((1, 2), keepdims=True) / m.sum()  # the tone of the skin stays: it would end at the mask's edge
    T = (T * m).reshape(len(T), -1)
    U, S, V = np.linalg.svd(T, full_matrices=False)
    return shape, (S[:MODES, None] / np.sqrt(len(T)) * V[:MODES]).reshape(MODES, HALF[1], HALF[0], 3).astype(np.float32)


def pushed(shape, picture, settings, variations, mean_points):
    """Composite with its push: -> displacement of the points, picture."""
    moves, colours = variations
    push = settings.get('push')
    if not push:
        return np.zeros_like(shape), picture
    m = C.thin_plate(mean_points, shape)
    colour = cv2.resize(np.tensordot(np.float32(push['colour']), colours, 1), (W, H), interpolation=cv2.INTER_LINEAR)
    return np.tensordot(push['shape'], moves, 1), picture + C.warp(colour, m, cv2.INTER_LINEAR)


class Candidate:
    """One composite at half size, quick to render with any push."""

    def __init__(self, models, plain, settings, neutral_points, mean_points, variations, exaggerate_picture, caricature):
        shape, picture, _, everyone = plain
        self.models, self.shape, self.moves = models, shape, variations[0]
        self.base = cv2.resize(exaggerate_picture(shape, picture, everyone, settings), HALF, interpolation=cv2.INTER_AREA)
        m = C.thin_plate(neutral_points, shape)
        self.colours = np.array([cv2.resize(C.warp(cv2.resize(c, (W, H)), m, cv2.INTER_LINEAR), HALF, interpolation=cv2.INTER_AREA) for c in variations[1]]).astype(np.float32)
        self.target = caricature(shape, mean_points, settings['shape'])
        x, y = np.meshgrid(np.arange(0, W + 20, 20.), np.arange(0, H + 20, 20.))
        self.knots, self.grid = np.stack([x.ravel(), y.ravel()], 1), x.shape
        self.x, self.y = np.meshgrid(np.arange(HALF[0], dtype=np.float32), np.arange(HALF[1], dtype=np.float32))

    def vector(self, s, t):
        picture = self.base + np.tensordot(np.float32(t), self.colours, 1)
        d = np.vstack([(self.target + np.tensordot(s, self.moves, 1))[:-6:1], C.BORDER]); o = np.vstack([self.shape[:-6], C.BORDER])
        r = RBFInterpolator(d, o - d, kernel='thin_plate_spline', smoothing=3.0)(self.knots).reshape(self.grid + (2,)).astype(np.float32) / 2
        b = cv2.remap(r, self.x / 10, self.y / 10, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = np.clip(cv2.remap(np.clip(picture, 0, 255), self.x + b[..., 0], self.y + b[..., 1], cv2.INTER_LINEAR), 0, 255).astype(np.uint8)
        boxes = self.models.detect(image)
        return self.models.embed(image, self.models.landmarks(image, boxes[0][0]))[0] if boxes else None


def loss(v, others, S, s, t):
    o, q = others @ v.T, S @ v.T
    return float((np.maximum(o - .22, 0) ** 2).sum() * 6 + (np.maximum(q - .33, 0) ** 2).sum() * 6 + .004 * (np.square(s).mean() + np.square(t).mean()))


def main():
    from make import caricature, exaggerated_picture, prepare, Plains
    a = argparse.ArgumentParser()
    a.add_argument('data'); a.add_argument('models'); a.add_argument('--cache', required=True); a.add_argument('--seconds', type=float, default=1e9); a.add_argument('--rounds', type=int, default=60)
    o = a.parse_args()
    path = os.path.join(HERE, '..', 'composites.json')
    with open(path) as f:
        document = json.load(f)
    people, models = document['people'], Models(o.models)
    sitters, means, variations = prepare(models, o.data, o.cache)
    plains, S = Plains(o.cache), []
    for p in sorted(glob.glob(os.path.join(o.data, 'london', '*.jpg')) + glob.glob(os.path.join(o.data, 'canada', '*.jpg'))):
        image = cv2.imread(p)
        S.append(models.embed(image, models.landmarks(image, models.detect(image)[0][0]))[0])
    S = np.array(S)
    C_ = []
    for p in people:
        both = [Candidate(models, plains[f'{e}-' + '-'.join(p['sitters'])], p, means['03'][0], means[e][0], variations, exaggerated_picture, caricature) for e in ('03', '08')]
        C_.append(lambda s, t, both=both: None if any((v := [b.vector(s, t) for b in both])[i] is None for i in (0, 1)) else np.array(v))
    state = [(np.array(p['push']['shape']), np.array(p['push']['colour'])) if 'push' in p else (np.zeros(MODES), np.zeros(MODES)) for p in people]
    state = [(s, np.clip(t, -LIMIT, LIMIT)) for s, t in state]
    V = np.array([c(*x) for c, x in zip(C_, state)])
    self_out = np.kron(np.eye(len(V)), np.ones((2, 2)))
    report = lambda: (round(float((V.reshape(-1, 512) @ V.reshape(-1, 512).T - 2 * self_out).max()), 3), round(float((V @ S.T).max()), 3))
    rng, end, sigma = np.random.default_rng(2025), time.time() + o.seconds, .6
    print('start', *report(), flush=True)
    for r in range(o.rounds):
        for k, c in enumerate(C_):
            others = np.delete(V, k, 0).reshape(-1, 512)
            now = loss(V[k], others, S, *state[k])
            for _ in range(2):
                s, t = [np.clip(x + rng.normal(0, sigma, MODES) * (rng.random(MODES) < .4), -limit, limit) for x, limit in zip(state[k], (2.0, LIMIT))]
                v = c(s, t)
                if v is not None and loss(v, others, S, s, t) < now:
                    V[k], state[k], now = v, (s, t), loss(v, others, S, s, t)
        if time.time() > end:
            break
        if r % 2 == 1:
            print(r, *report(), flush=True)
    for p, (s, t) in zip(people, state):
        p['push'] = {'shape': np.round(s, 3).tolist(), 'colour': np.round(t, 3).tolist()}
    with open(path, 'w') as f:
        json.dump(document, f)
        f.write('\n')


if __name__ == '__main__':
    main()
