"""MultiStageMeanfield: CRF-RNN's dense CRF inside the net, its weights learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("MultiStageMeanfield")
class MultiStageMeanfield(Operator):
    """Mean-field inference of a fully connected CRF: scores (n, c, h, w), not normalized.

    Bottoms: unary scores (n, c, h, w), the scores to begin with, alike (nets give the unary again), and the image
    (n, k, h, w). Blobs, (1, 1, c, c) each: weights of the spatial and of the bilateral filter, filled on the diagonal
    with spatial_filter_weight and bilateral_filter_weight (later files: a number for each class in
    spatial_filter_weights_str, bilateral_filter_weights_str), and the compatibility, -1 on the diagonal (POTTS). The
    image gets no gradient. `threshold` and `force_cpu` change nothing.
    Source: torrvision/caffe, src/caffe/layers/multi_stage_meanfield.cpp; arXiv:1502.03240.
    """

    blob_names = ("spatial_weight", "bilateral_weight", "compatibility")
    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the deviations and the number of iterations, compare the bottoms, list the blobs."""
        self.expect_bottoms(bottoms, 3)
        unary, previous, image = bottoms
        if len(unary) != 4 or previous != unary or len(image) != 4 or (image[0], *image[2:]) != (unary[0], *unary[2:]):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) twice and (n, k, h, w)")
        view = p.message("multi_stage_meanfield_param")
        self.thetas = [_positive(view, name) for name in ("theta_alpha", "theta_beta", "theta_gamma")]
        self.iterations = view.integer("num_iterations")
        if self.iterations < 2:
            raise view.error("num_iterations", f"is {self.iterations}", "expected at least 2")
        view.choice("compatibility_mode", ("POTTS",), "POTTS")
        view.number("threshold", 0.0)
        view.flag("force_cpu", False)
        classes = unary[1]
        for name in ("spatial", "bilateral"):
            self.add_blob((1, 1, classes, classes), default=_diagonal(view, name, classes))
        self.add_blob((1, 1, classes, classes), default=Filler("matrix", diagonal=(-1.0,) * classes))

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The unary's shape."""
        return [bottoms[0]]

    def multiply_adds(self, bottoms: Shapes, tops: Shapes) -> int:
        """Of the three matrices, at each pixel and in each iteration."""
        n, classes, height, width = bottoms[0]
        return 3 * self.iterations * n * height * width * classes**2

    def module(self) -> nn.Module:
        """MultiStageMeanField."""
        from converter.modules import mean_field

        alpha, beta, gamma = self.thetas
        return mean_field.MultiStageMeanField(self.blobs[0].shape[3], alpha, beta, gamma, self.iterations)


def _positive(view: Params, name: str) -> float:
    """A deviation."""
    value = view.number(name)
    if not value > 0:
        raise view.error(name, f"is {value:g}", "expected more than 0")
    return value


def _diagonal(view: Params, name: str, classes: int) -> Filler:
    """One number for every class, or one for each."""
    each = view.text(f"{name}_filter_weights_str", "")
    value = view.number(f"{name}_filter_weight", 1.0)
    if not each:
        return Filler("matrix", diagonal=(value,) * classes)
    try:
        values = tuple(float(word) for word in each.split())
    except ValueError:
        values = ()
    if len(values) < classes:
        raise view.error(
            f"{name}_filter_weights_str", f"is {each!r}", f"expected {classes} numbers with blanks between"
        )
    return Filler("matrix", diagonal=values[:classes])
