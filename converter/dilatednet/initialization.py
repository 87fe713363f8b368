"""How the layers of a DilatedNet start when no weights are given (paper, section 3; fyu/dilation, network.py).

Front end: He's normal distribution, biases 0 (Caffe's text names no filler there and expects VGG's weights).
Classifier: N(0, 0.001²). Context: identity (equations 4 and 5). Upsampling: bilinear, fixed.
"""

from __future__ import annotations

import numpy as np
import torch

from converter.dilatednet.topology import Step
from converter.net.fillers import Filler
from converter.net.filling import fill

_CLASSIFIER_STD = 0.001


def identity_(weight: torch.Tensor, classes: int, noise: float | None = None) -> None:
    """Fill `weight` (out, in, k, k) so that the layer hands its input on, in place.

    Equation 5 (equation 4 where out = in = classes): the center tap is classes/out between channels of the same class,
    every other tap 0, or N(0, `noise`²). The filler is fyu/caffe-dilation's `identity` with num_groups = classes; noise
    is drawn from torch's generator, so `torch.manual_seed` repeats it.
    """
    filler = Filler(type="identity", num_groups=classes, std=noise or 1.0, std_set=bool(noise))
    random = np.random.default_rng(int(torch.randint(2**31, (1,)).item()) if noise else 0)
    with torch.no_grad():
        weight.copy_(torch.from_numpy(fill(filler, tuple(weight.shape), random).copy()))


def bilinear_(weight: torch.Tensor) -> None:
    """Fill `weight` (channels, 1, k, k) with Caffe's `bilinear` kernel, in place."""
    with torch.no_grad():
        kernel = fill(Filler(type="bilinear"), tuple(weight.shape), np.random.default_rng(0))
        weight.copy_(torch.from_numpy(kernel.copy()))


def start(module: torch.nn.Module, step: Step, role: str, classes: int, noise: float | None) -> None:
    """Fill a layer's parameters by its role: "front end", "classifier", "context" or "upsample".

    Parameters without storage are left alone, not least because torch draws for them by way of its compiler, whose
    import takes seconds.
    """
    parameters = dict(module.named_parameters())
    if parameters["weight"].is_meta:
        return
    if "bias" in parameters:
        torch.nn.init.zeros_(parameters["bias"])
    weight = parameters["weight"]
    if role == "context":
        identity_(weight, classes, noise * classes / step.outputs if noise else None)
    elif role == "upsample":
        bilinear_(weight)
    elif role == "classifier":
        torch.nn.init.normal_(weight, std=_CLASSIFIER_STD)
    else:
        torch.nn.init.kaiming_normal_(weight, nonlinearity="relu")
