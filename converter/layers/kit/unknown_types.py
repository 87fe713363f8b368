"""Layers of types that are not known: a source of data is fed; of others, which names are near."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, operator_type, operator_types
from converter.layers.python import operator_of

if TYPE_CHECKING:
    from converter.net.net import Layer
    from converter.net.params import Params


class UnknownSource(Operator):
    """A layer without bottoms whose type, or Python class, is not known, as named inputs of the net.

    What has no bottoms computes nothing from the net's blobs: forks' data layers are of this kind (BoxData,
    DetectionData). The caller states the shapes and feeds the batches; all fields are taken, as a data layer's are.
    """

    is_input = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tick off whatever the file says."""
        del bottoms
        p.take_rest()

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """() for each: the caller has to say."""
        del bottoms
        return [()] * self.tops


def operator_for(layer: Layer) -> type[Operator] | None:
    """What computes or stands for a layer: its type's operator, its Python class's, `UnknownSource`; else None."""
    known = operator_of(layer.params()) if layer.type == "Python" else operator_type(layer.type)
    return known or (UnknownSource if layer.tops and not layer.bottoms else None)


def nearest_types(name: str) -> str:
    """What an error says of a type that is not registered: ` (nearest known: Data)`; empty where nothing is near."""
    import difflib  # for errors alone

    near = difflib.get_close_matches(name, sorted({known.type for known in operator_types().values()}), n=3)
    return f" (nearest known: {', '.join(near)})" if near else ""
