"""Convolution blocks shared by the networks, and the folding of batch normalisation for export."""

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
