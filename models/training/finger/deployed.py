"""The trained networks rearranged for export: the same answers in fewer steps."""

import torch
import torch.nn.functional as F
from torch import nn

from blocks import folded, on_pixels
from extractor import CONTRAST_GAIN, STRIDE, normalised

UNSHUFFLED = 2  # of the descriptor's patches


class DeployedExtractor(nn.Module):
    """The first layer reads pixels where they lie, and the two heads are one convolution."""

    def __init__(self, extractor):
        super().__init__()
        self.trunk = folded(extractor)
        first = extractor.s0.c
        self.pixels = on_pixels(first.weight[:, :STRIDE**2], first.bias, STRIDE)
        self.contrast = None
        if extractor.contrast:
            self.contrast = nn.Conv2d(1, first.out_channels, 3, padding=1, bias=False)
            self.contrast.weight.data = first.weight[:, STRIDE**2:].detach().clone()
        heads = extractor.hR, extractor.hm
        self.heads = nn.Conv2d(heads[0].in_channels, sum(head.out_channels for head in heads), 1)
        self.heads.weight.data = torch.cat([head.weight for head in heads]).detach()
        self.heads.bias.data = torch.cat([head.bias for head in heads]).detach()

    def forward(self, image):
        x, deviation = normalised(image)
        stem = self.pixels(x)
        if self.contrast is not None:
            stem = stem + self.contrast(deviation * CONTRAST_GAIN)
        maps = self.heads(self.trunk.features(F.relu(stem)))
        return torch.tanh(F.pixel_shuffle(maps[:, :STRIDE**2], STRIDE)), maps[:, STRIDE**2:]


class DeployedDescriptor(nn.Module):
    """The first layer reads the patch as it is sampled, and the last normalisation is part of the layer before it."""

    def __init__(self, descriptor):
        super().__init__()
        descriptor = folded(descriptor)
        self.first = on_pixels(descriptor.f[0].c.weight, descriptor.f[0].c.bias, UNSHUFFLED)
        self.rest = descriptor.f[1:]
        scale = descriptor.bn.weight / torch.sqrt(descriptor.bn.running_var + descriptor.bn.eps)
        self.last = nn.Linear(descriptor.fc.in_features, descriptor.fc.out_features)
        self.last.weight.data = (descriptor.fc.weight * scale[:, None]).detach()
        self.last.bias.data = (descriptor.bn.bias - descriptor.bn.running_mean * scale).detach()

    def forward(self, patches):
        return F.normalize(self.last(self.rest(F.relu(self.first(patches))).flatten(1)), dim=1)
