"""The npm package's face models behind four small functions; preprocessing as each model was trained."""
import os
import numpy as np, cv2, onnx, onnxruntime as ort
from onnx import numpy_helper

ARC = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])

def session(path):
    o = ort.SessionOptions(); o.intra_op_num_threads = 1; o.inter_op_num_threads = 1; o.log_severity_level = 3
    m = onnx.load(path)
    for i in m.graph.initializer:  # subnormal weights stall the FPU; the outputs stay equal within 3e-7
        a = numpy_helper.to_array(i)
        if a.dtype == np.float32 and a.size > 1:
            a = a.copy(); a[np.abs(a) < 1e-12] = 0; i.CopyFrom(numpy_helper.from_array(a, i.name))
    return ort.InferenceSession(m.SerializeToString(), o, providers=['CPUExecutionProvider'])

def nms(b, s, t):
    order, keep = np.argsort(-s), []
    while len(order):
        i, rest = order[0], order[1:]; keep.append(i)
        wh = np.clip(np.minimum(b[i, 2:], b[rest, 2:]) - np.maximum(b[i, :2], b[rest, :2]), 0, None)
        inter = wh.prod(1); area = lambda q: (q[..., 2:] - q[..., :2]).prod(-1)
        order = rest[inter / (area(b[i]) + area(b[rest]) - inter + 1e-9) <= t]
    return keep

def similarity(src, dst):
    """Umeyama's least-squares similarity, 2x3."""
    ms, md = src.mean(0), dst.mean(0); s, d = src - ms, dst - md
    U, S, Vt = np.linalg.svd(d.T @ s / len(src)); D = np.eye(2)
    if np.linalg.det(U) * np.linalg.det(Vt) < 0: D[1, 1] = -1
    R = U @ D @ Vt; k = np.trace(np.diag(S) @ D) / ((s ** 2).sum() / len(src))
    return np.hstack([k * R, (md - k * R @ ms)[:, None]])

def five(l):
    return np.array([l[[37, 38, 40, 41]].mean(0), l[[43, 44, 46, 47]].mean(0), l[30], (l[48] + l[60]) / 2, (l[54] + l[64]) / 2])

class Models:
    def __init__(self, folder):
        self.m = {n: session(os.path.join(folder, f'fr_{n}.onnx')) for n in ('detect', 'landmark', 'feature', 'pose', 'eye')}

    def run(self, name, x): return self.m[name].run(None, {'input': np.ascontiguousarray(x, np.float32)})

    def detect(self, bgr, threshold=0.65):
        """Boxes x1 y1 x2 y2 in pixels with scores, the largest first; 4:3 letterbox."""
        h, w = bgr.shape[:2]; W = max(w, int(np.ceil(h * 4 / 3))); H = max(h, int(np.ceil(w * 3 / 4)))
        ox, oy = (W - w) // 2, (H - h) // 2
        c = np.full((H, W, 3), 127, np.uint8); c[oy:oy + h, ox:ox + w] = bgr
        x = (cv2.cvtColor(cv2.resize(c, (320, 240), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB).astype(np.float32) - 127) / 128
        s, b = self.run('detect', x.transpose(2, 0, 1)[None]); s, b = s[0, :, 1], b[0]
        k = s > threshold; s, b = s[k], b[k] * np.array([W, H, W, H]) - np.array([ox, oy, ox, oy])
        keep = nms(b, s, 0.4); return sorted([(b[i], float(s[i])) for i in keep], key=lambda q: -(q[0][2:] - q[0][:2]).prod())

    def landmarks(self, bgr, box):
        """68 points in pixels."""
        x1, y1, x2, y2 = [int(v) for v in box]; bw, bh = x2 - x1, y2 - y1
        c = cv2.warpAffine(bgr, np.array([[64 / bw, 0, -x1 * 64 / bw], [0, 64 / bh, -y1 * 64 / bh]]), (64, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        g = cv2.cvtColor(c, cv2.COLOR_BGR2GRAY).astype(np.float32) / 256
        return self.run('landmark', g[None, None])[0].reshape(68, 2) * np.array([bw, bh]) + np.array([x1, y1])

    def embed(self, bgr, l):
        """Unit vector of 512 and the raw length, which follows image quality."""
        c = cv2.warpAffine(bgr, similarity(five(l), ARC), (112, 112), flags=cv2.INTER_LINEAR)
        v = self.run('feature', ((c.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])[0].ravel()
        n = float(np.linalg.norm(v)); return v / n, n

    def pose(self, bgr, box):
        """yaw, pitch, roll in degrees."""
        x1, y1, x2, y2 = box; px, py = (x2 - x1) * 0.25, (y2 - y1) * 0.25
        x1, y1, x2, y2 = x1 - px, y1 - py, x2 + px, y2 + py
        M = np.array([[224 / (x2 - x1), 0, -x1 * 224 / (x2 - x1)], [0, 224 / (y2 - y1), -y1 * 224 / (y2 - y1)]])
        c = cv2.cvtColor(cv2.warpAffine(bgr, M, (224, 224), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), cv2.COLOR_BGR2RGB)
        x = (c.astype(np.float32) / 255 - np.array([.485, .456, .406], np.float32)) / np.array([.229, .224, .225], np.float32)
        out = self.run('pose', x.transpose(2, 0, 1)[None]); r = []
        for o in out[:3]:
            e = np.exp(o[0] - o[0].max()); r.append(float((e / e.sum() * np.arange(66)).sum() * 3 - 99))
        return r

    def eyes(self, bgr, l):
        """Probability of closed for the image-left and image-right eye."""
        g = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY); out = []
        for a, b in ((36, 42), (42, 48)):
            e = l[a:b]; cx, cy = e.mean(0); L = (e[:, 0].max() - e[:, 0].min()) * 1.6
            c = cv2.warpAffine(g, np.array([[24 / L, 0, 12 - cx * 24 / L], [0, 24 / L, 12 - cy * 24 / L]]), (24, 24), flags=cv2.INTER_AREA)
            o = self.run('eye', c[None, None].astype(np.float32) / 255)[0][0]; p = np.exp(o - o.max()); out.append(float(p[0] / p.sum()))
        return out
