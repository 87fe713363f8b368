"""Preprocessing within the net: channel order, mean and scale as part of the first convolution."""

from __future__ import annotations

import torch
from torch import fx, nn

from converter.errors import GraphError
from converter.modules.convolution import PaddedConv2d
from converter.net.preprocessing import Preprocessing
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.gradient_stops import is_stop


def fold_preprocessing(net: CaffeModule, preprocessing: Preprocessing | None = None) -> CaffeModule:
    """Let a net's first convolution take RGB in 0 to 255 (gray for a gray net), in place.

    With y = W (s (x - m)) + b, W' = s W with its channels in RGB order and b' = b - s sum(W m). Where the convolution
    pads, Caffe pads with zeros after the mean is off, so the new one pads with the mean. Resizing and cropping stay
    outside: they are no part of a convolution.

    Args:
        net: the net; its first input is the image.
        preprocessing: what is to be folded in; None takes `net.transform`'s.

    Returns:
        The net; `notes` says what it takes now.

    Raises:
        GraphError: there is nothing to fold, or something else than one two-dimensional convolution reads the image.
        ConversionError: the mean is an image.
    """
    if preprocessing is None:
        if net.transform is None:
            raise GraphError("the net does not say how its images are prepared; give mean, scale and order")
        preprocessing = net.transform.preprocessing
    node = next(node for node in net.graph.nodes if node.op == "placeholder")
    target, convolution = _first_convolution(net, node, preprocessing.channels)
    net._modules[target] = _fold(convolution, preprocessing)
    order = "gray" if preprocessing.color == "gray" else "R, G, B"
    padding = "; it pads with the mean" if any(map(int, convolution.padding)) else ""
    note = f"layer {target!r} takes {order} in 0 to 255: order, mean and scale are part of it{padding}"
    net.remember(net.facts.with_note(note))
    net.transform = None
    return net


def _first_convolution(net: CaffeModule, node: fx.Node, channels: int) -> tuple[str, nn.Conv2d]:
    """The convolution that alone reads the image, and its name."""
    readers = [reader for user in node.users for reader in (user.users if is_stop(user) else (user,))]
    module = net.get_submodule(str(readers[0].target)) if len(readers) == 1 and readers[0].op == "call_module" else None
    if type(module) is not nn.Conv2d or module.groups != 1 or isinstance(module.padding, str):
        names = ", ".join(repr(str(reader.target)) for reader in readers)
        raise GraphError(
            f"the input {node.target!r} is read by {names or 'nobody'}; order, mean and scale go into one plain "
            "two-dimensional convolution only; use net.transform"
        )
    if module.in_channels != channels:
        raise GraphError(f"the first convolution takes {module.in_channels} channels; images have {channels}")
    return str(readers[0].target), module


def _fold(convolution: nn.Conv2d, preprocessing: Preprocessing) -> nn.Conv2d:
    """The convolution of raw images."""
    mean = torch.tensor(preprocessing.channel_mean, dtype=torch.float64)
    weight = convolution.weight.detach().double() * preprocessing.scale
    bias = -(weight.sum((2, 3)) * mean).sum(1)
    if convolution.bias is not None:
        bias = bias + convolution.bias.detach().double()
    turned = preprocessing.color == "bgr"
    made = _like(convolution, [float(value) for value in (mean.flip(0) if turned else mean)])
    with torch.no_grad():
        made.weight.copy_(weight.flip(1) if turned else weight)
        assert made.bias is not None
        made.bias.copy_(bias)
    return made.to(convolution.weight.device, convolution.weight.dtype).train(convolution.training)


def _like(convolution: nn.Conv2d, values: list[float]) -> nn.Conv2d:
    """A convolution of the same sizes, with a bias, that pads with these values."""
    stride, padding, dilation = (_pair(getattr(convolution, name)) for name in ("stride", "padding", "dilation"))
    inputs, outputs, kernel = convolution.in_channels, convolution.out_channels, _pair(convolution.kernel_size)
    if not any(padding):
        return nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation)
    return PaddedConv2d(inputs, outputs, kernel, values, stride, padding, dilation)


def _pair(value: object) -> tuple[int, int]:
    assert isinstance(value, tuple)
    return int(value[0]), int(value[1])
