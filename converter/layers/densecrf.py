"""DenseCRF: DeepLab's fully connected CRF as a layer, its weights given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("DenseCRF")
class DenseCRF(Operator):
    """Mean-field inference of a fully connected CRF: marginals (n, c, h, w), or their logarithms.

    Bottoms: scores (n, c, h, w); height and width of each image without its padding, the first two numbers of each of n
    items, where sizes beyond the scores' count as theirs; and, for the bilateral kernels, the image (n, 3, h, w), whose
    mean does not matter. One kernel for each pos_w and pos_xy_std, one for each bi_w, bi_xy_std and bi_rgb_std. Padding
    becomes 0. V1's DENSE_CRF turns scores into log-probabilities first, which changes nothing. The original's backward
    is empty; here gradients reach the scores.
    Source: DeepLab's src/caffe/layers/densecrf_layer.cpp, of both versions (TheLegendAli/DeepLab-Context,
    xmyqsh/deeplab-v2); arXiv:1210.5644.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the kernels and the number of iterations, compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 3)
        scores, sizes, *image = bottoms
        if len(scores) != 4 or sizes[:1] != scores[:1] or element_count(sizes[1:]) < 2:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) and (n, 2)")
        if image and image[0] != (scores[0], 3, *scores[2:]):
            raise ShapeError(f"an image of shape {image[0]}; expected {(scores[0], 3, *scores[2:])}")
        view = p.message("dense_crf_param")
        self.iterations = view.integer("max_iter", 10)
        self.spatial = _kernels(view, "pos_w", "pos_xy_std")
        self.bilateral = _kernels(view, "bi_w", "bi_xy_std", "bi_rgb_std")
        self.logarithm = not view.flag("output_probability", True)
        if image and not self.bilateral:
            raise view.error("bi_w", "is missing", "give weights and deviations for the image, or take it away")
        if self.iterations < 0:
            raise view.error("max_iter", f"is {self.iterations}", "expected 0 or more")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The scores' shape."""
        return [bottoms[0]]

    def module(self) -> nn.Module:
        """PottsMeanField."""
        from converter.modules import mean_field

        spatial, bilateral = [(w, xy) for w, xy in self.spatial], [(w, xy, rgb) for w, xy, rgb in self.bilateral]
        return mean_field.PottsMeanField(spatial, bilateral, self.iterations, self.logarithm)


def _kernels(view: Params, weight: str, *deviations: str) -> list[tuple[float, ...]]:
    """A weight and its deviations for each kernel."""
    weights = view.numbers(weight)
    kernels = [weights]
    for name in deviations:
        values = view.numbers(name)
        if len(values) != len(weights):
            raise view.error(name, f"has {len(values)} numbers", f"expected {len(weights)}, one for each {weight}")
        if not all(value > 0 for value in values):
            raise view.error(name, f"is {list(values)}", "expected numbers above 0")
        kernels.append(values)
    return list(zip(*kernels, strict=True))
