"""torchvision's VGG-16 as the front end's start: other names, another channel order, another scale of the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from converter.errors import WeightsError

# Place in torchvision's `features` of each convolution; what lies between are ReLUs and poolings.
_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_COUNTS = (2, 2, 3, 3, 3)
_NAMES = tuple(f"conv{block}_{i}" for block, count in enumerate(_COUNTS, 1) for i in range(1, count + 1))
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def is_torchvision(state: Mapping[str, Tensor]) -> bool:
    """Whether a state dict (keys to arrays) is of torchvision's VGG family: keys `features.N.weight`."""
    return "features.0.weight" in state and any(name.startswith("classifier.") for name in state)


def from_torchvision(state: Mapping[str, Tensor], mean: Sequence[float]) -> dict[str, Tensor]:
    """VGG-16 of torchvision under Caffe's names, for inputs B, G, R in 0 to 255 minus `mean` (B, G, R).

    That net takes (rgb / 255 - m) / s. With y the input here, this is y / (255 s) + (mean / 255 - m) / s channel by
    channel: the factor goes into conv1_1's weights, the constant, summed over its taps, into its bias. fc6 becomes a
    7×7 convolution. Exact wherever conv1_1 sees no padding, which the front end has none of.

    Raises:
        WeightsError: another member of the family (VGG-16 with batch normalisation, VGG-11, …).
    """
    places = {int(name.split(".")[1]) for name in state if name.startswith("features.") and name.endswith(".weight")}
    if places != set(_PLACES):
        seen = f"convolutions at features {sorted(places)}"
        raise WeightsError(f"not torchvision's vgg16: {seen}; expected {list(_PLACES)}; give vgg16's state dict")
    named: dict[str, Tensor] = {}
    for name, place in zip(_NAMES, _PLACES, strict=True):
        for part in ("weight", "bias"):
            named[f"{name}.{part}"] = state[f"features.{place}.{part}"].float()
    for name, place in (("fc6", 0), ("fc7", 3)):
        matrix = state[f"classifier.{place}.weight"].float()
        side = 7 if name == "fc6" else 1
        named[f"{name}.weight"] = matrix.reshape(matrix.shape[0], -1, side, side)
        named[f"{name}.bias"] = state[f"classifier.{place}.bias"].float()
    named["conv1_1.weight"], named["conv1_1.bias"] = _fold_normalization(
        named["conv1_1.weight"], named["conv1_1.bias"], mean
    )
    return named


def _fold_normalization(weight: Tensor, bias: Tensor, mean: Sequence[float]) -> tuple[Tensor, Tensor]:
    """conv1_1 (out, 3 R G B, k, k) for inputs B G R in 0 to 255 minus the mean."""
    m, s = torch.tensor(_MEAN, dtype=torch.float64), torch.tensor(_DEVIATION, dtype=torch.float64)
    shift = (torch.tensor(list(mean), dtype=torch.float64).flip(0) / 255 - m) / s
    wide = weight.double()
    constant = (wide.sum(dim=(2, 3)) * shift).sum(dim=1)
    scaled = wide / (255 * s)[:, None, None]
    return scaled.flip(1).float(), (bias.double() + constant).float()
