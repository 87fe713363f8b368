"""Parameter: a learned blob as a top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Parameter")
class Parameter(Operator):
    """A blob of the stated shape, zeros until it is loaded or trained.

    Source: include/caffe/layers/parameter_layer.hpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the shape and list the blob."""
        self.expect_bottoms(bottoms, 0)
        self.add_blob(p.message("parameter_param").message("shape").integers("dim"))

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The stated shape."""
        return [self.blobs[0].shape]

    def module(self) -> nn.Module:
        """LearnedTensor."""
        from converter.modules import sources

        return sources.LearnedTensor(self.blobs[0].shape)
