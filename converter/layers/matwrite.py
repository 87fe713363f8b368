"""MatWrite: blobs meant for MATLAB's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from converter.net.params import Params


@layer("MatWrite")
class MatWrite(Operator):
    """Takes any bottoms, which DeepLab's fork writes to a file each; here the caller has every blob and writes none.

    Source: hszhao/PSPNet (DeepLab v1, v2), src/caffe/layers/mat_write_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tick off the files' names."""
        self.expect_bottoms(bottoms, 1, max(1, len(bottoms)))
        view = p.message("mat_write_param")
        view.text("prefix", "")
        view.text("source", "")
        view.integer("strip", 0)
        view.integer("period", 1)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """None."""
        return []
