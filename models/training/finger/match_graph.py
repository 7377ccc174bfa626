"""The matching graph: one probe against a batch of gallery templates of 64 minutiae each, without branches."""

import torch
from torch import nn

PAIRS = 48  # candidate pairs kept
SHARPNESS = 14.0  # of the dual softmax over descriptor similarities
ROUNDS = 4  # of relaxation
SIGMA_PX, SIGMA_GROWTH = 6.0, 0.06  # how far two pairs may disagree: px, and px a px of distance
ROTATION_SPREAD = 0.2  # of 1 - cos of the disagreement in rotation
HALF_SUPPORT = 0.6  # support that is worth half a weight
MIN_WEIGHT = 0.15
DIRECTION_WEIGHT_PX2 = 40.0  # of a pair's directions beside its positions in the rigid fit
# Of the score's terms beside the logarithm of the pairs' weight: the centre of the plateau of the sixty best of 800
# settings, by FNMR at FMR 0.1, 0.03 and 0.01 %, on synthetic pairs that truly overlap, FVC2002 DB1_B and FVC2004 DB1_B.
SHARE_WEIGHT, ALIKE_WEIGHT, OVERLAP_WEIGHT, SUPPORT_WEIGHT = 1.25, 1.4, 0.5, 0.35
LOOSE_SIGMA_PX = 9.0  # of pairing after alignment
OVERLAP_PX, OVERLAP_SOFTNESS_PX = 45.0, 6.0  # a minutia this near to one of the other print lies in the overlap


class MatchGraph(nn.Module):
    """pm [64, 4] x, y, cos, sin; pd [64, 64]; pv [64]; gm, gd, gv with a leading batch ->

    feat [b, 10]; T [b, 4] cos, sin, tx, ty of probe to gallery; w, i, j [b, 64] weights and indices of the pairs.
    score [b], see score_of.
    """

    inputs = ["pm", "pd", "pv", "gm", "gd", "gv"]
    names = ["feat", "T", "w", "i", "j", "score"]

    def forward(self, pm, pd, pv, gm, gd, gv):
        probes, batch, galleries = pm.shape[0], gm.shape[0], gm.shape[1]
        both = pv[None, :, None] * gv[:, None, :]
        similarity = torch.matmul(pd, gd.transpose(1, 2)) * both - (1 - both)
        logit = dual_log_softmax(similarity) - (1 - both) * 50
        best, flat = torch.topk(logit.reshape(batch, probes * galleries), PAIRS, dim=1)
        i = torch.div(flat, galleries, rounding_mode="floor")
        j = flat - i * galleries
        alike = torch.gather(similarity.reshape(batch, probes * galleries), 1, flat)
        p = pm[i]
        q = torch.gather(gm, 1, j.unsqueeze(-1).expand(-1, -1, 4))
        rotation = q[..., 2] * p[..., 2] + q[..., 3] * p[..., 3], q[..., 3] * p[..., 2] - q[..., 2] * p[..., 3]
        conflict = ((i[:, :, None] == i[:, None, :]) | (j[:, :, None] == j[:, None, :])).to(similarity.dtype)
        compatible = compatibility(p, q, rotation) * (1 - conflict)
        start = torch.exp(best) * torch.relu(alike)
        weight = relaxed(start, compatible, conflict)
        total = weight.sum(1, keepdim=True) + 1e-6
        c, s, tx, ty = rigid_fit(weight, total, p, q, rotation)
        paired, overlap, paired_similarity = pairing(pm, pv, gm, gv, both, similarity, c, s, tx, ty)
        support = torch.matmul(compatible, weight.unsqueeze(2)).squeeze(2)
        weighted_similarity = (weight * alike).sum(1)
        features = torch.stack([
            weight.sum(1),
            weighted_similarity,
            (weight * support).sum(1) / total[:, 0],
            weighted_similarity / total[:, 0],
            paired / 2,
            paired / overlap,
            overlap / 2,
            paired_similarity,
            best[:, :12].exp().mean(1),
            (weight * start).sum(1),
        ], 1)
        return features, torch.stack([c, s, tx, ty], 1), weight, i, j, score_of(features)


def score_of(features):
    """Weighted pairs, their support, paired share of the overlap and mean similarity, less the size of the overlap.

    Large overlaps pair more minutiae by chance; without the last term they make the highest impostors.
    """
    strength, share, alike, overlap, support = (features[:, k] for k in (9, 5, 3, 6, 2))
    gain = torch.log1p(strength) + SUPPORT_WEIGHT * torch.log1p(support) + SHARE_WEIGHT * share + ALIKE_WEIGHT * alike
    return torch.relu(gain - OVERLAP_WEIGHT * torch.log1p(overlap))


def dual_log_softmax(similarity):
    """Logarithm of the geometric mean of the softmax along rows and along columns.

    Similarities lie in -1..1, so exp cannot overflow, and the runtime's exp and sum are far faster than its LogSumExp.
    """
    logit = similarity * SHARPNESS
    power = torch.exp(logit)
    return logit - 0.5 * (torch.log(power.sum(2, keepdim=True)) + torch.log(power.sum(1, keepdim=True)))


def compatibility(p, q, rotation):
    """[b, k, k]: how well two pairs agree with one rigid motion, 0..1."""
    rc, rs = rotation
    agreement = rc[:, :, None] * rc[:, None, :] + rs[:, :, None] * rs[:, None, :]
    mc, ms = rc[:, :, None] + rc[:, None, :], rs[:, :, None] + rs[:, None, :]
    norm = torch.rsqrt(mc * mc + ms * ms + 1e-6)
    mc, ms = mc * norm, ms * norm
    ux, uy = (p[:, None, :, k] - p[:, :, None, k] for k in (0, 1))
    vx, vy = (q[:, None, :, k] - q[:, :, None, k] for k in (0, 1))
    ex, ey = mc * ux - ms * uy - vx, ms * ux + mc * uy - vy
    distance2 = 0.5 * (ux * ux + uy * uy + vx * vx + vy * vy)  # of both prints, so that probe and gallery may change places
    sigma = SIGMA_PX + SIGMA_GROWTH * torch.sqrt(distance2 + 1e-6)
    return torch.exp(-(ex * ex + ey * ey) / (2 * sigma * sigma) - (1 - agreement) / ROTATION_SPREAD)


def _strongest(conflict, weight):
    return weight >= (conflict * weight.unsqueeze(1)).amax(2) - 1e-6


def relaxed(start, compatible, conflict):
    """Weights of the pairs after mutual support; one to one at the end."""
    root = start**0.5
    weight = start
    for _ in range(ROUNDS):
        support = torch.matmul(compatible, weight.unsqueeze(2)).squeeze(2)
        weight = root * support / (support + HALF_SUPPORT) * torch.where(_strongest(conflict, weight), 1.0, 0.3)
    weight = weight * (weight > MIN_WEIGHT).to(weight.dtype)
    return weight * _strongest(conflict, weight).to(weight.dtype)


def rigid_fit(weight, total, p, q, rotation):
    """(cos, sin, tx, ty), each [b]: the motion that takes the probe's minutiae to the gallery's."""
    px, py, qx, qy = ((weight * a[..., k]).sum(1, keepdim=True) / total for a in (p, q) for k in (0, 1))
    a, b, e, f = p[..., 0] - px, p[..., 1] - py, q[..., 0] - qx, q[..., 1] - qy
    c = (weight * (a * e + b * f)).sum(1) + DIRECTION_WEIGHT_PX2 * (weight * rotation[0]).sum(1) + 1e-6
    s = (weight * (a * f - b * e)).sum(1) + DIRECTION_WEIGHT_PX2 * (weight * rotation[1]).sum(1)
    norm = torch.rsqrt(c * c + s * s + 1e-9)
    c, s = c * norm, s * norm
    px, py, qx, qy = px[:, 0], py[:, 0], qx[:, 0], qy[:, 0]
    return c, s, qx - (c * px - s * py), qy - (s * px + c * py)


def pairing(pm, pv, gm, gv, both, similarity, c, s, tx, ty):
    """After alignment, each [b]: loosely paired minutiae and minutiae in the overlap (both sides), paired similarity."""
    c, s, tx, ty = (a[:, None] for a in (c, s, tx, ty))
    x, y = c * pm[None, :, 0] - s * pm[None, :, 1] + tx, s * pm[None, :, 0] + c * pm[None, :, 1] + ty
    distance2 = (x[:, :, None] - gm[:, None, :, 0]) ** 2 + (y[:, :, None] - gm[:, None, :, 1]) ** 2 + (1 - both) * 1e6
    turned_c, turned_s = c * pm[None, :, 2] - s * pm[None, :, 3], s * pm[None, :, 2] + c * pm[None, :, 3]
    parallel = turned_c[:, :, None] * gm[:, None, :, 2] + turned_s[:, :, None] * gm[:, None, :, 3]
    near = torch.exp(-distance2 / (2 * LOOSE_SIGMA_PX**2)) * torch.relu(parallel) * both
    in_probe = torch.sigmoid((OVERLAP_PX - torch.sqrt(distance2.amin(2) + 1e-3)) / OVERLAP_SOFTNESS_PX) * pv[None]
    in_gallery = torch.sigmoid((OVERLAP_PX - torch.sqrt(distance2.amin(1) + 1e-3)) / OVERLAP_SOFTNESS_PX) * gv
    paired = (near.amax(2) * in_probe).sum(1) + (near.amax(1) * in_gallery).sum(1)
    return paired, in_probe.sum(1) + in_gallery.sum(1) + 1e-3, (near * similarity).amax(2).sum(1)
