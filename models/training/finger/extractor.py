"""The extractor: a grey image to enhanced ridges, mask, orientation and minutiae, in one small U-net."""

import torch
import torch.nn.functional as F
from torch import nn

from blocks import ConvNorm, Residual

STRIDE = 4  # px of the image to a cell of the maps
MULTIPLE = 16  # image sides are multiples of this
# Channels of the maps.
MASK, COS2, SIN2, HEAT, OFFSET_X, OFFSET_Y, COS, SIN, ENDING = range(9)
NORM_WINDOW = 9  # cells of 4 px, about four ridges
NORM_FLOOR = 0.02  # of full scale: flatter than this is no ridge
CONTRAST_GAIN = 4.0  # brings a local deviation of a quarter of full scale to 1


def _local_mean(x):
    """[n, 1, h, w] to the mean over a window of 36 px, at stride 4; by AveragePool alone, which every runtime has fast."""
    return F.avg_pool2d(F.avg_pool2d(x, STRIDE), NORM_WINDOW, 1, NORM_WINDOW // 2, count_include_pad=False)


def _enlarged(x):
    return F.interpolate(x, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)


def normalised(x):
    """(x less its local mean in local standard deviations, clipped at 3; the local deviation at stride 4)."""
    centred = x - _enlarged(_local_mean(x))
    variance = _local_mean(centred**2)
    return (centred / torch.sqrt(_enlarged(variance) + NORM_FLOOR**2)).clamp(-3, 3), torch.sqrt(variance + 1e-6)


class Extractor(nn.Module):
    """[n, 1, h, w] in 0..1 -> ridges [n, 1, h, w] in -1..1 and maps [n, 9, h / 4, w / 4] (logits for mask, heat, ending).

    `contrast` adds the local deviation as an input: normalisation hides it, and without it faint background gets ridges.
    """

    def __init__(self, contrast=True, stem=48, middle=96, deep=128, head=64):
        super().__init__()
        self.contrast = contrast
        self.s0 = ConvNorm(STRIDE**2 + contrast, stem)
        self.r0 = Residual(stem)
        self.d1 = ConvNorm(stem, middle, stride=2)
        self.r1 = nn.Sequential(Residual(middle), Residual(middle))
        self.d2 = ConvNorm(middle, deep, stride=2)
        self.r2 = nn.Sequential(Residual(deep), Residual(deep, dilation=2))
        self.u1 = ConvNorm(deep, middle, kernel=1)
        self.q1 = Residual(middle)
        self.u0 = ConvNorm(middle, stem, kernel=1)
        self.q0 = ConvNorm(stem, head)
        self.q1b = ConvNorm(head, head)
        self.hR = nn.Conv2d(head, STRIDE**2, 1)
        self.hm = nn.Conv2d(head, ENDING + 1, 1)
        self.hm.bias.data[HEAT] = -4.0  # minutiae are rare: start from there, not from a half

    def forward(self, image):
        x, deviation = normalised(image)
        x = F.pixel_unshuffle(x, STRIDE)
        if self.contrast:
            x = torch.cat([x, deviation * CONTRAST_GAIN], 1)
        features = self.features(self.s0(x))
        return torch.tanh(F.pixel_shuffle(self.hR(features), STRIDE)), self.hm(features)

    def features(self, stem):
        """What the heads read, from what the first layer wrote."""
        fine = self.r0(stem)
        half = self.r1(self.d1(fine))
        deep = self.r2(self.d2(half))
        half = self.q1(half + F.interpolate(self.u1(deep), scale_factor=2.0, mode="bilinear", align_corners=False))
        fine = fine + F.interpolate(self.u0(half), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.q1b(self.q0(fine))


def load_extractor(path, device="cpu"):
    """The network whose weights a checkpoint holds, as wide as they are."""
    state = torch.load(path, map_location=device, weights_only=True)
    stem, inputs = state["s0.c.weight"].shape[:2]
    widths = (len(state[f"{name}.c.weight"]) for name in ("d1", "d2", "q0"))
    network = Extractor(inputs > STRIDE**2, stem, *widths)
    network.load_state_dict(state)
    return network.to(device)
