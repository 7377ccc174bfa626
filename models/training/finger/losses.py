"""What the two networks are trained on."""

import torch
import torch.nn.functional as F

from extractor import COS, COS2, ENDING, HEAT, MASK, OFFSET_X, OFFSET_Y, SIN, SIN2

# Weights of the extractor's parts, in the order extractor_losses returns them.
WEIGHTS = {"ridges": 1.5, "mask": 0.5, "orientation": 0.5, "heat": 1.0, "offset": 0.5, "direction": 0.7, "ending": 0.1}


def _mean_where(values, where):
    return (values * where).sum() / (where.sum() + 1)


def focal_heat(logit, target, weight):
    """CenterNet's penalty-reduced focal loss, over the number of minutiae."""
    p = torch.sigmoid(logit).clamp(1e-5, 1 - 1e-5)
    centre = (target > 0.999).float()
    loss = centre * (1 - p) ** 2 * torch.log(p) + (1 - centre) * (1 - target) ** 4 * p**2 * torch.log(1 - p)
    return -(loss * weight).sum() / (centre.sum() + 1)


def extractor_losses(ridges, maps, truth):
    """{part: loss} of a batch; `truth` as targets.collate makes it."""
    mask, near = truth["mask4"], truth["near"] * truth["weight"]
    inside = (mask > 0.5).float()
    doubled = torch.stack([torch.cos(2 * truth["theta"]), torch.sin(2 * truth["theta"])], 1)
    offset = F.smooth_l1_loss(maps[:, OFFSET_X:OFFSET_Y + 1], truth["offset"], reduction="none").sum(1)
    return {
        "ridges": _mean_where((ridges[:, 0] - truth["ridges"]) ** 2, truth["mask"]),
        "mask": F.binary_cross_entropy_with_logits(maps[:, MASK], mask),
        "orientation": _mean_where(((maps[:, COS2:SIN2 + 1] - doubled) ** 2).sum(1), inside),
        "heat": focal_heat(maps[:, HEAT], truth["heat"], truth["weight"]),
        "offset": _mean_where(offset, near),
        "direction": _mean_where(((maps[:, COS:SIN + 1] - truth["direction"]) ** 2).sum(1), near),
        "ending": _mean_where(
            F.binary_cross_entropy_with_logits(maps[:, ENDING], truth["ending"], reduction="none"), near
        ),
    }


def contrastive(vectors, finger, scale, memory=None):
    """(InfoNCE loss, share whose partner is nearest) of vectors [2 n, d], of which k and k + n show one minutia.

    `finger` [2 n]; all else in the batch are negatives, the same finger's minutiae the hard ones. `memory` (vectors,
    finger) adds earlier batches' minutiae of other fingers as negatives at hardly any cost (cross-batch memory).
    """
    count = len(vectors)
    similarity = (vectors @ vectors.T * scale).masked_fill(torch.eye(count, dtype=torch.bool, device=vectors.device), -1e4)
    partner = torch.arange(count, device=vectors.device).roll(count // 2)
    right = (similarity.argmax(1) == partner).float().mean()
    if memory is not None and len(memory[0]):
        others = (vectors @ memory[0].T * scale).masked_fill(finger[:, None] == memory[1][None], -1e4)
        similarity = torch.cat([similarity, others], 1)
    return F.cross_entropy(similarity, partner), right
