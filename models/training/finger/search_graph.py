"""The pre-selection graph: one probe against many gallery templates by descriptors alone."""

import torch
from torch import nn

BEST = 10  # rows counted
FLOOR = 0.3  # similarity worth nothing


class SearchGraph(nn.Module):
    """pd [p, 64], gd [b, m, 64], m at least ten -> s [b]: mean of the ten best of relu(row maximum - 0.3) squared."""

    inputs = ["pd", "gd"]
    names = ["s"]

    def forward(self, pd, gd):
        templates, minutiae, length = gd.shape
        similarity = torch.matmul(gd.reshape(templates * minutiae, length), pd.t())
        best = similarity.reshape(templates, minutiae, -1).amax(1)
        return torch.topk(torch.relu(best - FLOOR) ** 2, BEST, dim=1)[0].mean(1)
