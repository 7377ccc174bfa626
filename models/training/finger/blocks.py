"""Convolution blocks shared by the networks, and what makes them cheaper for export."""

import torch
import torch.nn.functional as F
from torch import nn


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless told otherwise, ReLU. Attribute names are the checkpoints' keys."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, dilation=1, activate=True):
        super().__init__()
        padding = dilation * (kernel // 2)
        self.c = nn.Conv2d(inputs, outputs, kernel, stride, padding=padding, dilation=dilation, bias=False)
        self.b = nn.BatchNorm2d(outputs)
        self.activate = activate

    def forward(self, x):
        y = self.b(self.c(x))
        return F.relu(y) if self.activate else y


class Residual(nn.Module):
    def __init__(self, channels, dilation=1):
        super().__init__()
        self.a = ConvNorm(channels, channels, dilation=dilation)
        self.b = ConvNorm(channels, channels, activate=False)

    def forward(self, x):
        return F.relu(x + self.b(self.a(x)))


def folded(module):
    """The same module in evaluation mode with every batch normalisation folded into its convolution, in place."""
    module.eval()
    for part in module.modules():
        if isinstance(part, ConvNorm) and isinstance(part.b, nn.BatchNorm2d):
            part.c = nn.utils.fuse_conv_bn_eval(part.c, part.b)
            part.b = nn.Identity()
    return module


def on_pixels(weight, bias, factor):
    """The strided convolution that answers what pixel_unshuffle(factor) and a convolution of `weight` [o, i, k, k] do."""
    outputs, unshuffled, kernel, _ = weight.shape
    inputs, side = unshuffled // factor**2, kernel * factor
    conv = nn.Conv2d(inputs, outputs, side, stride=factor, padding=factor * (kernel // 2), bias=bias is not None)
    spread = weight.reshape(outputs, inputs, factor, factor, kernel, kernel).permute(0, 1, 4, 2, 5, 3)
    conv.weight.data = spread.reshape(outputs, inputs, side, side).detach().clone()
    if bias is not None:
        conv.bias.data = bias.detach().clone()
    return conv
