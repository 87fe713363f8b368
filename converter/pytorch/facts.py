"""What a CaffeModule remembers of the Caffe net it was built from: plain values that copies and pickles carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from converter.net.net import Shape
from converter.net.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer of the net.

    Attributes:
        name: Caffe's name.
        type: Caffe's type.
        target: the submodule that computes it, "" for layers that have none (inputs, layers without tops).
        bottoms: names of the blobs it reads.
        tops: names of the blobs it writes.
        blobs: names of its blobs in the submodule, in Caffe's order.
        shapes: their shapes in Caffe, which the submodule's may differ from (`Operator.state_of`).
        multipliers: `lr_mult` and `decay_mult` of each blob, of a shared one the same in all its layers; None where
            the file is silent.
    """

    name: str
    type: str
    target: str
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    multipliers: tuple[tuple[float | None, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class NetFacts:
    """A net: its name, its inputs with their stated shapes, its outputs, its layers.

    Attributes:
        name: Caffe's name of the net.
        inputs: shape of each input by name, in the order of the module's arguments.
        arguments: the Python name of each input in `forward`, by the input's name.
        outputs: names of the blobs that no layer reads, in Caffe's (alphabetical) order.
        loss_weights: weight of each top in the training loss.
        layers: every layer in file order.
        notes: what was done that the files do not say.
        preprocessing: what is done to images before they are the net's input, where that is known.
    """

    name: str
    inputs: dict[str, Shape]
    arguments: dict[str, str]
    outputs: tuple[str, ...]
    loss_weights: dict[str, float]
    layers: tuple[LayerFacts, ...]
    notes: tuple[str, ...] = field(default=())
    preprocessing: Preprocessing | None = None

    def with_note(self, note: str) -> NetFacts:
        """The same with one more note."""
        return replace(self, notes=(*self.notes, note))

    def layer_named(self, name: str) -> LayerFacts | None:
        """The first layer of that name, which is the one that holds weights; None where no layer has it."""
        return next((layer for layer in self.layers if layer.name == name), None)
