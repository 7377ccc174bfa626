"""The extraction graph as it is exported: image to minutiae, descriptors and quality features."""

import torch
import torch.nn.functional as F
from torch import nn

from deployed import DeployedDescriptor, DeployedExtractor
from descriptor import LENGTH, patches_of
from extractor import COS, COS2, ENDING, HEAT, MASK, OFFSET_X, OFFSET_Y, SIN, SIN2, STRIDE

COUNT = 64  # minutiae of a template
MIN_SCORE = 0.35  # of the heat; 0.15 to 0.25 were clearly worse on FVC2002 DB1_B and FVC2004 DB1_B
MIN_MASK = 0.4
MIN_DISTANCE_PX = 5.0  # a stronger minutia nearer than this suppresses


class ExtractGraph(nn.Module):
    """image [1, 1, h, w] 0..255, sides multiples of 16 ->

    minutiae [64, 6] x, y (px), cos, sin, score, ending (0..1); desc [64, 64]; valid [64]; mask4 [1, 1, h/4, w/4];
    ori4 [1, 2, h/4, w/4] cos and sin of twice the orientation; ridge [1, 1, h, w].
    """

    names = ["minutiae", "desc", "valid", "mask4", "ori4", "ridge"]

    def __init__(self, extractor, descriptor):
        super().__init__()
        self.side = descriptor.side
        self.extractor, self.descriptor = DeployedExtractor(extractor), DeployedDescriptor(descriptor)

    def forward(self, image):
        ridges, maps = self.extractor(image / 255.0)
        mask = torch.sigmoid(maps[:, MASK:MASK + 1])
        minutiae, valid = detected(maps, mask)
        descriptors = self.described(ridges, mask, minutiae, valid)
        return minutiae, descriptors, valid, mask, maps[:, COS2:SIN2 + 1], ridges

    def described(self, ridges, mask, minutiae, valid):
        """[64, 64], zero where invalid: a third of the rows on average are, so only the others are computed."""
        some = torch.cat([torch.ones(1), valid[1:]])  # the first always, for convolutions of no patches are no graph
        rows = torch.nonzero(some)[:, 0]
        patches = patches_of(ridges, mask, *(minutiae[rows, k] for k in range(4)), self.side)
        empty = torch.zeros(COUNT, LENGTH)
        return empty.index_copy(0, rows, self.descriptor(patches)) * valid[:, None]


def detected(maps, mask):
    """(minutiae [64, 6], valid [64]): the strongest local maxima of the heat, thinned."""
    columns = maps.shape[3]
    heat = torch.sigmoid(maps[:, HEAT:HEAT + 1]) * (mask > MIN_MASK).to(maps.dtype)
    peaks = heat * (heat >= F.max_pool2d(heat, 3, 1, 1)).to(maps.dtype)
    score, cell = torch.topk(peaks.reshape(-1), COUNT)
    row = torch.div(cell, columns, rounding_mode="floor")
    at = maps.reshape(ENDING + 1, -1)[:, cell]
    x = ((cell - row * columns).to(maps.dtype) + 0.5 + at[OFFSET_X]) * STRIDE - 0.5
    y = (row.to(maps.dtype) + 0.5 + at[OFFSET_Y]) * STRIDE - 0.5
    norm = torch.rsqrt(at[COS] ** 2 + at[SIN] ** 2 + 1e-9)
    distance2 = (x[:, None] - x[None]) ** 2 + (y[:, None] - y[None]) ** 2
    weaker = (score[:, None] < score[None]).to(maps.dtype)
    suppressed = ((distance2 < MIN_DISTANCE_PX**2).to(maps.dtype) * weaker).amax(1)
    valid = (score > MIN_SCORE).to(maps.dtype) * (1 - suppressed)
    columns_of = [x, y, at[COS] * norm, at[SIN] * norm, score, torch.sigmoid(at[ENDING])]
    return torch.stack(columns_of, 1), valid
