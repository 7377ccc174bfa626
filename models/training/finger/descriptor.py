"""The minutia descriptor: a patch of enhanced ridges around a minutia, in its own frame, to a unit vector."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blocks import ConvNorm

SIDE = 32  # samples
WIDTH_PX = 96.0  # px at 500 ppi: about eleven ridges, three samples to a ridge period
LENGTH = 64
HALVINGS = 2**4  # of the side, from patch to last layer


class Descriptor(nn.Module):
    """[m, 2, side, side] (ridges x mask, mask) -> [m, LENGTH] unit vectors; `side` a multiple of 16."""

    def __init__(self, side=SIDE, length=LENGTH):
        super().__init__()
        self.side = side
        self.f = nn.Sequential(
            ConvNorm(8, 48),
            ConvNorm(48, 64, stride=2),
            ConvNorm(64, 64),
            ConvNorm(64, 96, stride=2),
            ConvNorm(96, 128, stride=2),
        )
        self.fc = nn.Linear(128 * (side // HALVINGS) ** 2, length, bias=False)
        self.bn = nn.BatchNorm1d(length)

    def forward(self, patches):
        features = self.f(F.pixel_unshuffle(patches, 2)).flatten(1)
        return F.normalize(self.bn(self.fc(features)), dim=1)


def sample_offsets(side):
    """(x, y) of the patch's samples in the minutia's frame, px; flat, row by row."""
    line = (torch.arange(side) - (side - 1) / 2) * (WIDTH_PX / side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return x.reshape(1, -1), y.reshape(1, -1)


def sampling_grid(side, x, y, cosine, sine, height, width):
    """[m, side * side, 2] for grid_sample(align_corners=False); x, y in px, direction as a unit vector, each [m]."""
    dx, dy = (offset.to(x) for offset in sample_offsets(side))
    column = x[:, None] + cosine[:, None] * dx - sine[:, None] * dy
    row = y[:, None] + sine[:, None] * dx + cosine[:, None] * dy
    return torch.stack([(column + 0.5) * 2 / width - 1, (row + 0.5) * 2 / height - 1], -1)


def patches_of(ridges, mask4, x, y, cosine, sine, side=SIDE):
    """[m, 2, side, side] from ridges [1, 1, h, w] and mask [1, 1, h / 4, w / 4]; the grid fits both, being relative."""
    grid = sampling_grid(side, x, y, cosine, sine, mask4.shape[2] * 4, mask4.shape[3] * 4)[None]
    sampled, inside = (F.grid_sample(map, grid, padding_mode="zeros", align_corners=False)[0] for map in (ridges, mask4))
    return torch.cat([sampled * inside, inside]).transpose(0, 1).reshape(-1, 2, side, side)


def load_descriptor(path, device="cpu"):
    """The network whose weights a checkpoint holds, of the side they are for."""
    state = torch.load(path, map_location=device, weights_only=True)
    network = Descriptor(HALVINGS * math.isqrt(state["fc.weight"].shape[1] // 128))
    network.load_state_dict(state)
    return network.to(device)
