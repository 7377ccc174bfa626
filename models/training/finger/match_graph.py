"""The matching graph: one probe against a batch of gallery templates of 64 minutiae each, without branches.

What is asked of every two candidate pairs, or of every two minutiae, is written as a product of matrices wherever it can be:
the runtime multiplies far faster than it goes over a square of numbers once more.
"""

import torch
from torch import nn

STORED_UNIT = 127.0  # length of a stored descriptor
PAIRS = 48  # candidate pairs kept
SHARPNESS = 14.0  # of the dual softmax over descriptor similarities
NEVER = 50.0  # taken off the logit of a row that is not filled
ROUNDS = 4  # of relaxation
SIGMA_PX, SIGMA_GROWTH = 6.0, 0.06  # how far two pairs may disagree: px, and px a px of distance
ROTATION_SPREAD = 0.2  # of 1 - cos of the disagreement in rotation
HALF_SUPPORT = 0.6  # support that is worth half a weight
RIVAL_SHARE = 0.3  # of its weight that a pair keeps beside a stronger one of the same minutia
MIN_WEIGHT = 0.15
DIRECTION_WEIGHT_PX2 = 40.0  # of a pair's directions beside its positions in the rigid fit
# Of the score's terms beside the logarithm of the pairs' weight: the centre of the plateau of the sixty best of 800
# settings, by FNMR at FMR 0.1, 0.03 and 0.01 %, on synthetic pairs that truly overlap, FVC2002 DB1_B and FVC2004 DB1_B.
SHARE_WEIGHT, ALIKE_WEIGHT, OVERLAP_WEIGHT, SUPPORT_WEIGHT = 1.25, 1.4, 0.5, 0.35
LOOSE_SIGMA_PX = 9.0  # of pairing after alignment
OVERLAP_PX, OVERLAP_SOFTNESS_PX = 45.0, 6.0  # a minutia this near to one of the other print lies in the overlap
FAR_PX2 = 1e6  # where rows that are not filled lie


class MatchGraph(nn.Module):
    """pm [64, 4] x, y, cos, sin; pd [64, 64] as stored, -127..127; pv [64]; gm, gd, gv with a leading batch -> score [b]."""

    inputs = ["pm", "pd", "pv", "gm", "gd", "gv"]
    names = ["score"]

    def forward(self, pm, pd, pv, gm, gd, gv):
        return score_of(*self.evidence(pm, pd, pv, gm, gd, gv))

    @staticmethod
    def evidence(pm, pd, pv, gm, gd, gv):
        """Each [b]: strength of the pairs, paired share of the overlap, mean similarity, size of the overlap, support."""
        best, alike, p, q, conflict = candidates(pm, pd, pv, gm, gd, gv)
        rotation = q[..., 2] * p[..., 2] + q[..., 3] * p[..., 3], q[..., 3] * p[..., 2] - q[..., 2] * p[..., 3]
        compatible = compatibility(p, q, rotation) * (1 - conflict)
        start = torch.exp(best) * torch.relu(alike)
        weight = relaxed(start, compatible, conflict)
        total = weight.sum(1, keepdim=True) + 1e-6
        share, overlap = pairing(pm, pv, gm, gv, *rigid_fit(weight, total, p, q, rotation))
        support = torch.matmul(compatible, weight.unsqueeze(2)).squeeze(2)
        return (
            (weight * start).sum(1),
            share,
            (weight * alike).sum(1) / total[:, 0],
            overlap,
            (weight * support).sum(1) / total[:, 0],
        )


def score_of(strength, share, alike, overlap, support):
    """Weighted pairs, their support, paired share of the overlap and mean similarity, less the size of the overlap.

    Large overlaps pair more minutiae by chance; without the last term they make the highest impostors.
    """
    gain = torch.log1p(strength) + SUPPORT_WEIGHT * torch.log1p(support) + SHARE_WEIGHT * share + ALIKE_WEIGHT * alike
    return torch.relu(gain - OVERLAP_WEIGHT * torch.log1p(overlap))


def candidates(pm, pd, pv, gm, gd, gv):
    """The likeliest pairs of minutiae: logarithm of their dual softmax and similarity [b, k], minutiae of both [b, k, 4],
    and [b, k, k] 1 where two pairs share a minutia.

    The dual softmax is the geometric mean of the softmax along rows and along columns. Similarities lie in -1..1, so exp
    cannot overflow, and the runtime's exp and product are far faster than its LogSumExp.
    """
    batch, probes, galleries = gm.shape[0], pm.shape[0], gm.shape[1]
    logit = torch.matmul(pd * (SHARPNESS / STORED_UNIT**2), gd.transpose(1, 2))
    power = torch.exp(logit)
    rows = torch.matmul(power, gv.unsqueeze(2))
    columns = torch.matmul(pv, power).unsqueeze(1)
    dual = logit - (0.5 * torch.log(rows) + NEVER * (1 - pv[:, None])) - (0.5 * torch.log(columns) + NEVER * (1 - gv[:, None]))
    best, flat = torch.topk(dual.reshape(batch, probes * galleries), PAIRS, dim=1)
    alike = torch.gather(logit.reshape(batch, probes * galleries), 1, flat) / SHARPNESS
    i = torch.div(flat, galleries, rounding_mode="floor")
    j = flat - i * galleries
    conflict = ((i[:, :, None] == i[:, None, :]) | (j[:, :, None] == j[:, None, :])).to(logit.dtype)
    return best, alike, pm[i], torch.gather(gm, 1, j.unsqueeze(-1).expand(-1, -1, 4)), conflict


def _product(left, right):
    """[b, k, l] of lists of [b, k] and [b, l]: the sum of their products."""
    return torch.matmul(torch.stack(left, 2), torch.stack(right, 1))


def compatibility(p, q, rotation):
    """[b, k, k]: how well two pairs agree with one rigid motion, 0..1.

    With minutiae as complex numbers p and q, rotations r = conj(p's direction) q's, u and v the two pairs' differences
    in p and q, and R the mean of the two rotations: the error is |R u - v|^2 = |u|^2 + |v|^2 - 2 Re(conj(R u) v).
    """
    c, s = rotation
    x, y, X, Y = (a[..., k] - a[..., k].mean(1, keepdim=True) for a in (p, q) for k in (0, 1))
    square = x * x + y * y + X * X + Y * Y
    one = torch.ones_like(x)
    lengths = _product([-2 * x, -2 * y, -2 * X, -2 * Y, square, one], [x, y, X, Y, one, square])
    # conj(r p) and conj(r) q of one pair, conj(p) q of the other; the product is symmetric once both orders are added.
    m, n = x * X + y * Y, x * Y - y * X
    left = [c, s, -(c * X + s * Y), s * X - c * Y, s * y - c * x, -(c * y + s * x), c * m + s * n]
    right = [m, n, x, y, X, Y, one]
    turned = _product(left + right, right + left)
    agreement = _product([c, s], [c, s])
    error = lengths - turned * (2 * torch.rsqrt(2 + 2 * agreement + 1e-6))
    # Of both prints, so that probe and gallery may change places; the 1 keeps what is rounded below zero from the root.
    sigma = SIGMA_PX + SIGMA_GROWTH * torch.sqrt(0.5 * lengths + 1)
    return torch.exp((agreement - 1) / ROTATION_SPREAD - error / (2 * sigma * sigma))


def _strongest(conflict, weight):
    return weight >= (conflict * weight.unsqueeze(1)).amax(2) - 1e-6


def relaxed(start, compatible, conflict):
    """Weights of the pairs after mutual support; one to one at the end."""
    root = torch.sqrt(start)
    weight = start
    for _ in range(ROUNDS):
        support = torch.matmul(compatible, weight.unsqueeze(2)).squeeze(2)
        weight = root * support / (support + HALF_SUPPORT) * torch.where(_strongest(conflict, weight), 1.0, RIVAL_SHARE)
    weight = weight * (weight > MIN_WEIGHT).to(weight.dtype)
    return weight * _strongest(conflict, weight).to(weight.dtype)


def rigid_fit(weight, total, p, q, rotation):
    """(cos, sin, tx, ty), each [b, 1]: the motion that takes the probe's minutiae to the gallery's."""
    px, py, qx, qy = ((weight * a[..., k]).sum(1, keepdim=True) / total for a in (p, q) for k in (0, 1))
    a, b, e, f = p[..., 0] - px, p[..., 1] - py, q[..., 0] - qx, q[..., 1] - qy
    c = (weight * (a * e + b * f + DIRECTION_WEIGHT_PX2 * rotation[0])).sum(1, keepdim=True) + 1e-6
    s = (weight * (a * f - b * e + DIRECTION_WEIGHT_PX2 * rotation[1])).sum(1, keepdim=True)
    norm = torch.rsqrt(c * c + s * s + 1e-9)
    c, s = c * norm, s * norm
    return c, s, qx - (c * px - s * py), qy - (s * px + c * py)


def pairing(pm, pv, gm, gv, c, s, tx, ty):
    """After alignment, each [b]: share of the overlap's minutiae that are loosely paired, and how many lie in it."""
    x, y, dc, ds = pm.unbind(1)
    x, y, turned_c, turned_s = c * x - s * y + tx, s * x + c * y + ty, c * dc - s * ds, s * dc + c * ds
    one = torch.ones_like(x)
    X, Y, C, S = gm.unbind(2)
    there, here = X * X + Y * Y + FAR_PX2 * (1 - gv), x * x + y * y + FAR_PX2 * (1 - pv)
    distance2 = _product([-2 * x, -2 * y, here, one], [X, Y, torch.ones_like(X), there])
    near = torch.exp(distance2 * (-0.5 / LOOSE_SIGMA_PX**2)) * torch.relu(_product([turned_c, turned_s], [C, S]))

    def inside(least, filled):
        return torch.sigmoid((OVERLAP_PX - torch.sqrt(torch.relu(least) + 1e-3)) / OVERLAP_SOFTNESS_PX) * filled

    in_probe, in_gallery = inside(distance2.amin(2), pv), inside(distance2.amin(1), gv)
    overlap = in_probe.sum(1) + in_gallery.sum(1) + 1e-3
    paired = (near.amax(2) * in_probe).sum(1) + (near.amax(1) * in_gallery).sum(1)
    return paired / overlap, overlap / 2
