"""The layers of a ResNet34 (He, Zhang, Ren, Sun: Deep residual learning, CVPR 2016), named as commonly.

Imported where used: it needs torch, which the other modules of this package do without.
"""

from typing import Any

from torch import Tensor, nn

__all__ = ["ResNet34"]

_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Channels, blocks, and stride of the first block."""


class Block(nn.Module):  # type: ignore[misc]  # torch is read only where it is installed
    """Two convolutions of 3×3 and a way round them; 1×1 on that way where size or channels change."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(before, after, 3, stride)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = _convolution(after, after, 3, 1)
        self.bn2 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: Any = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(_convolution(before, after, 1, stride), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h / stride, w / stride)."""
        past = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + past)


class ResNet34(nn.Module):  # type: ignore[misc]  # torch is read only where it is installed
    """One number, before the sigmoid, for each picture of three channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _convolution(3, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = 64
        for number, (after, blocks, stride) in enumerate(_STAGES, 1):
            first = Block(before, after, stride)
            rest = (Block(after, after, 1) for _ in range(blocks - 1))
            self.add_module(f"layer{number}", nn.Sequential(first, *rest))
            before = after
        self.fc = nn.Linear(before, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float32 (n, 3, h, w) to (n,)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))[:, 0]

    def draw_weights(self, random: Any) -> None:
        """New weights of a torch generator: as He et al. (ICCV 2015) propose for what a ReLU follows."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=random)
        self.draw_head(random)

    def draw_head(self, random: Any) -> None:
        """A new last layer: small weights, so that training begins from scores near one half."""
        nn.init.normal_(self.fc.weight, std=0.01, generator=random)
        nn.init.zeros_(self.fc.bias)


def _convolution(before: int, after: int, side: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, side, stride=stride, padding=side // 2, bias=False)
