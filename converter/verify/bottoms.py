"""What a CaffeModule's layers are called with, and what it draws, recorded while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from converter.modules.sources import GivenTensors
from converter.pytorch.caffe_module import CaffeModule

Array: TypeAlias = "np.ndarray[Any, Any]"


@contextmanager
def record_bottoms(
    module: CaffeModule, places: Collection[tuple[str, int]]
) -> Iterator[dict[tuple[str, int], list[Tensor]]]:
    """A dict that fills, while the module runs inside the block, with the bottoms of the layers at `places`.

    A place is a layer's name and how many layers before it bear that name. In-place layers behind a layer write other
    tensors, so what was recorded stays as the layer saw it.
    """
    seen: dict[tuple[str, int], list[Tensor]] = {}
    counts: Counter[str] = Counter()
    with ExitStack() as hooks:
        for layer in module.facts.layers:
            place = (layer.name, counts[layer.name])
            counts[layer.name] += 1
            if place in places and layer.target:
                hooks.enter_context(_hook(module.get_submodule(layer.target), seen, place))
        yield seen


@contextmanager
def _hook(layer: nn.Module, seen: dict[tuple[str, int], list[Tensor]], place: tuple[str, int]) -> Iterator[None]:
    def record(_: nn.Module, args: tuple[Any, ...]) -> None:
        seen[place] = list(args)

    handle = layer.register_forward_pre_hook(record)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def record_drawn(module: CaffeModule) -> Iterator[dict[str, Array]]:
    """A dict that fills, while the module runs inside the block, with the blobs that it draws by itself (DummyData).

    They are copies in float64: layers behind may change a blob in place.
    """
    drawn: dict[str, Array] = {}
    with ExitStack() as hooks:
        for layer in module.facts.layers:
            source = module.get_submodule(layer.target) if layer.target else None
            if isinstance(source, GivenTensors):
                handle = source.register_forward_hook(partial(_keep, drawn, layer.tops))
                hooks.callback(handle.remove)
        yield drawn


def _keep(drawn: dict[str, Array], tops: Sequence[str], _module: nn.Module, _args: tuple[Any, ...], made: Any) -> None:
    values = (made,) if isinstance(made, Tensor) else made
    for top, value in zip(tops, values, strict=True):
        drawn[top] = value.to("cpu", torch.float64, copy=True).numpy()
