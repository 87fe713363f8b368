"""What a CaffeModule's layers are called with, recorded while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from converter.pytorch.caffe_module import CaffeModule


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
