"""What every layer file builds on: the `Operator` base class and the table of layer types.

An operator is a layer with its parameters read: it knows its blobs and the shapes it makes without torch, and computes
with torch when it is called. It holds no tensors; `converter/pytorch/caffe_module.py` does.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias, TypeVar

from converter.errors import ShapeError
from converter.net.names import indexed_names

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from converter.net.fillers import Filler
    from converter.net.net import Phase, Shape
    from converter.net.params import Params

Shapes: TypeAlias = Sequence[tuple[int, ...]]
Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Blob:
    """One of a layer's blobs in Caffe's order: its name in the state dict, its shape, how it is filled."""

    name: str
    shape: Shape
    filler: Filler
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """What a layer computes with: its bottoms, its blobs, and whether the module is in training mode.

    `options` (dtype and device) serve layers that make tensors of their own.
    """

    bottoms: list[Tensor]
    blobs: list[Tensor]
    training: bool
    options: dict[str, Any]


class Window(NamedTuple):
    """How far one output position sees, per spatial axis: extent of the kernel with dilation, stride and pad."""

    extent: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]


class Operator:
    """One layer of a net, its parameters read.

    A subclass reads its parameters in `setup`, states its shapes in `top_shapes` and gives what computes as `module`.
    Its name in Caffe is given by `@layer`.

    Attributes:
        type: Caffe's name of the layer type.
        blob_names: names of its blobs in the state dict, in Caffe's order.
        legacy_blob_names: names in files of earlier versions, which held Caffe's blobs as they were, where they differ.
        legacy_axes: axes that each blob has in Caffe, where files of the 4-D form do not tell (`natural_shape`).
        flat_blobs: its blobs have one axis; files by position may hold them with axes of length one around it.
        is_input: its tops are inputs of the net.
        is_loss: its first top has loss weight 1 unless the file says otherwise.
        in_place: Caffe lets its top be its bottom.
        fixed_blobs: how many of its first blobs Caffe does not train.
        refuses_rates: a learning rate of theirs is an error, not taken as 0.
        own_rates: lr_mult and decay_mult of each blob where its source sets them, whatever the file states.
    """

    type: ClassVar[str] = ""
    blob_names: ClassVar[tuple[str, ...]] = ("weight", "bias")
    legacy_blob_names: ClassVar[tuple[str, ...]] = ()
    legacy_axes: ClassVar[tuple[int, ...]] = ()
    flat_blobs: ClassVar[bool] = False
    is_input: ClassVar[bool] = False
    is_loss: ClassVar[bool] = False
    in_place: ClassVar[bool] = True
    fixed_blobs: ClassVar[int] = 0
    refuses_rates: bool = True
    own_rates: tuple[float, ...] = ()

    notes: tuple[str, ...] = ()
    """What was assumed of its tops' shapes."""

    partial_shapes: Shapes = ()
    """Of an input layer: its tops' shapes with 0 for sizes that the file leaves open."""

    per_bottom: bool = False
    """Whether the module is called once for each bottom, each call giving one top (Convolution of several bottoms)."""

    flatten_axis: int | None = None
    """Axis from which on the bottom is flattened before the module is called (InnerProduct of images)."""

    def __init__(self, params: Params, bottoms: Shapes, *, tops: int, phase: Phase) -> None:
        self.params = params
        self.tops = tops
        self.phase = phase
        self.blobs: list[Blob] = []
        self.setup(params, bottoms)

    @classmethod
    def file_order(cls, shapes: Shapes) -> Sequence[int]:
        """Where each blob in Caffe's order stands in a file by position that holds blobs of these shapes."""
        return range(len(shapes))

    @classmethod
    def state_of(cls, blobs: Sequence[Array]) -> list[Array]:
        """The state dict's values, in the order of `blob_names`, of Caffe's blobs: the same arrays by default."""
        return list(blobs)

    @classmethod
    def blobs_of(cls, state: Sequence[T]) -> list[T]:
        """The way back, of arrays or tensors, up to the shape, which the layer's `blobs` state."""
        return list(state)

    def adapt_stored(self, index: int, stored: Array) -> Array:
        """A stored blob in Caffe's terms as the layer takes it over: the same, unless the source changes its size."""
        return stored

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read parameters from `p`, check them against the bottoms' shapes, and list the blobs."""

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> np.ndarray[Any, Any] | None:
        """Numbers that a bottom can be given, float32 in its shape; None: any will do."""
        del place, bottoms, random
        return None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The tops' shapes; by default there is one top, shaped as the first bottom."""
        return [bottoms[0]]

    def module(self) -> nn.Module:
        """The layer as an nn.Module: called with the bottoms' tensors, returns the top, or a tuple of several tops.

        Its parameters and buffers bear the names of `blobs`; their numbers are put in afterwards (it is built on the
        meta device), so its constructor need not initialize them. Torch is imported here and nowhere else in a layer.
        """
        raise NotImplementedError(self.type)

    def forward(self, call: Call) -> list[Tensor]:
        """The tops' values, of a layer without `module`: the form that operators of earlier versions are written in."""
        raise NotImplementedError(self.type)

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """Multiplications with an addition each in one forward pass; 0 for element-wise layers."""
        del bottoms, tops
        return 0

    def window(self) -> Window | None:
        """What one output position sees of the first bottom; None where that is just its own position."""
        return None

    def add_blob(
        self, shape: Shape, filler: Params | None = None, *, default: Filler | None = None, trained: bool = True
    ) -> None:
        """List the next blob, named by `blob_names`, with the filler that a message describes."""
        from converter.net.fillers import Filler, read_filler

        index = len(self.blobs)
        name = indexed_names(self.blob_names, index + 1)[index]
        chosen = read_filler(filler, default) if filler is not None else default or Filler()
        self.blobs.append(Blob(name, shape, chosen, trained))

    def expect_bottoms(self, bottoms: Shapes, least: int, most: int | None = None) -> None:
        """Refuse a number of bottoms that the type cannot have; `most` None means `least` exactly."""
        most = least if most is None else most
        if not least <= len(bottoms) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ShapeError(f"{len(bottoms)} bottoms; a {self.type} layer takes {wanted}")


class _Registry:
    """Layer types by Caffe's name; duplicates are refused."""

    def __init__(self) -> None:
        self.types: dict[str, type[Operator]] = {}

    def add(self, name: str, operator: type[Operator]) -> None:
        known, origin = self.types.get(name), (operator.__module__, operator.__qualname__)
        if known is not None and (known.__module__, known.__qualname__) != origin:
            raise ValueError(f"layer type {name!r} is already registered by {known.__module__}.{known.__qualname__}")
        self.types[name] = operator


_REGISTRY = _Registry()
_Op = TypeVar("_Op", bound=type[Operator])


def layer(name: str, *aliases: str) -> Callable[[_Op], _Op]:
    """Register a class as the layer type `name`; `aliases` are other spellings (V1 enum words of forks, say).

    Use it outside this package to teach the converter a layer of your own:

        @converter.layer("Twice")
        class Twice(converter.Operator):
            def module(self):
                return Double()

    `Double` is an nn.Module whose `forward` takes the bottoms and gives the top. A class may instead compute in
    `forward(self, call)`, as in earlier versions: `return [2 * call.bottoms[0]]`.
    """

    def register(operator: _Op) -> _Op:
        operator.type = name
        for known in (name, *aliases):
            _REGISTRY.add(known, operator)
        return operator

    return register


@cache
def _load_layers() -> None:
    """Import every file of `converter/layers`, each of which registers its type."""
    package = importlib.import_module("converter.layers")
    for info in pkgutil.iter_modules(package.__path__):
        if not info.ispkg:
            importlib.import_module(f"converter.layers.{info.name}")


def operator_types() -> dict[str, type[Operator]]:
    """Every known layer type by name, aliases included."""
    _load_layers()
    return dict(_REGISTRY.types)


def operator_type(name: str) -> type[Operator] | None:
    """The class of a layer type, None where none is registered.

    Only the type's own file is imported, where there is one of its name: to import all takes a tenth of a second.
    """
    if name not in _REGISTRY.types and name.isidentifier():
        with suppress(ModuleNotFoundError):
            importlib.import_module(f"converter.layers.{name.lower()}")
    return _REGISTRY.types.get(name) or operator_types().get(name)
