"""The minutia descriptor: a patch of enhanced ridges around a minutia, in its own frame, to a unit vector."""

import torch
import torch.nn.functional as F
from torch import nn

from blocks import ConvNorm

SIDE = 48  # samples
SPACING_PX = 2.0  # px at 500 ppi between samples: the patch is 96 px wide, about eleven ridges
LENGTH = 64


class Descriptor(nn.Module):
    """[m, 2, SIDE, SIDE] (ridges x mask, mask) -> [m, LENGTH] unit vectors."""

    def __init__(self, length=LENGTH):
        super().__init__()
        self.f = nn.Sequential(
            ConvNorm(8, 48),
            ConvNorm(48, 64, stride=2),
            ConvNorm(64, 64),
            ConvNorm(64, 96, stride=2),
            ConvNorm(96, 128, stride=2),
        )
        self.fc = nn.Linear(128 * 9, length, bias=False)
        self.bn = nn.BatchNorm1d(length)

    def forward(self, patches):
        features = self.f(F.pixel_unshuffle(patches, 2)).flatten(1)
        return F.normalize(self.bn(self.fc(features)), dim=1)


def sample_offsets():
    """(x, y) of the patch's samples in the minutia's frame, px; flat, row by row."""
    line = (torch.arange(SIDE) - (SIDE - 1) / 2) * SPACING_PX
    y, x = torch.meshgrid(line, line, indexing="ij")
    return x.reshape(1, -1), y.reshape(1, -1)


def sampling_grid(x, y, cosine, sine, height, width):
    """[m, SIDE * SIDE, 2] for grid_sample(align_corners=False); x, y in px, direction as a unit vector, each [m]."""
    dx, dy = (offset.to(x) for offset in sample_offsets())
    column = x[:, None] + cosine[:, None] * dx - sine[:, None] * dy
    row = y[:, None] + sine[:, None] * dx + cosine[:, None] * dy
    return torch.stack([(column + 0.5) * 2 / width - 1, (row + 0.5) * 2 / height - 1], -1)


def patches_of(ridges, mask4, x, y, cosine, sine):
    """[m, 2, SIDE, SIDE] from ridges [1, 1, h, w] and mask [1, 1, h / 4, w / 4]."""
    mask = F.interpolate(mask4, scale_factor=4.0, mode="bilinear", align_corners=False)
    image = torch.cat([ridges * mask, mask], 1)
    grid = sampling_grid(x, y, cosine, sine, mask4.shape[2] * 4, mask4.shape[3] * 4)
    patches = F.grid_sample(image, grid[None], mode="bilinear", padding_mode="zeros", align_corners=False)
    return patches[0].transpose(0, 1).reshape(-1, 2, SIDE, SIDE)


def load_descriptor(path, device="cpu"):
    network = Descriptor()
    network.load_state_dict(torch.load(path, map_location=device, weights_only=True))
    return network.to(device)
