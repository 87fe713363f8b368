"""A net's blobs by name, those of Split layers' tops sharing their bottom's numbers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from converter.net.net import Shape
from converter.net.splits import Listing
from converter.pycaffe.blob import Blob


class NetBlobs:
    """The blobs of a net, made when they are first asked for: layers of scripts ask before the net is planned.

    Args:
        listing: the net's layers.
    """

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._shared = listing.shared
        self._made: dict[str, Blob] = {}

    def blob(self, name: str) -> Blob:
        """The blob of a name."""
        if name not in self._made:
            source = self._shared.get(name)
            self._made[name] = Blob() if source is None else Blob.sharing(self.blob(source))
        return self._made[name]

    def ordered(self) -> OrderedDict[str, Blob]:
        """All blobs in the order in which layers write them."""
        return OrderedDict((top, self.blob(top)) for layer in self._listing.layers for top in layer.tops)

    def reshape(self, shapes: Mapping[str, Shape]) -> None:
        """Give the blobs that the file names these shapes, and Split layers' tops the same."""
        for name, shape in shapes.items():
            self.blob(name).reshape(*shape)
        for top, source in self._shared.items():
            self.blob(top).reshape(*self.blob(source).shape)
