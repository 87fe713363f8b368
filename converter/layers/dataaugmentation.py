"""DataAugmentation: FlowNet's input layer, outside a training: a central crop and the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converter.errors import ShapeError
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_RANDOM = (
    *("mirror", "translate", "rotate", "zoom", "squeeze", "translate_x", "translate_y"),
    *("gamma", "brightness", "contrast", "color"),
    *("lmult_pow", "lmult_mult", "lmult_add", "sat_pow", "sat_mult", "sat_add", "col_pow", "col_mult", "col_add"),
    *("ladd_pow", "ladd_mult", "ladd_add", "col_rotate"),
    *("fog_amount", "fog_size", "motion_blur_angle", "motion_blur_size"),
    *("shadow_angle", "shadow_distance", "shadow_strength", "noise"),
)
"""Fields that describe what is drawn for each image."""


@layer("DataAugmentation")
class DataAugmentation(Operator):
    """x: (n, c, h, w), cropped to crop_height by crop_width, minus a mean, in phase TEST; random changes are refused.

    Only where both crop sizes are set does the source draw anything, in TRAIN or with augment_during_test; else fields
    of random changes, and a second bottom of drawn numbers, mean nothing. `mean` (three numbers, with
    mean_per_pixel false) is subtracted; with `recompute_mean` blobs are the number of passes (1, 1, 1, 1), the mean
    (1, c, h, w) and its mean over positions (1, c, 1, 1), which the first recompute_mean passes find and every one
    subtracts. A stored mean of another size gives, by pixel, its mean over positions everywhere.
    Source: lmb-freiburg/flownet2, src/caffe/layers/data_augmentation_layer.cpp and .cu.
    """

    blob_names = ("iterations", "mean", "channel_mean")
    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read crop and mean, refuse what is drawn, list the blobs."""
        self.expect_bottoms(bottoms, 1, 2)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 4 axes (n, c, h, w)")
        view = p.message("augmentation_param")
        if self.tops > 1:
            raise view.error("mode", "has to tell a second top what was drawn", "nothing is drawn; leave that top out")
        self.crop = self._read_crop(view, bottoms)
        _, self.channels, height, width = bottoms[0]
        channels = self.channels
        self.size = self.crop or (height, width)
        self.recompute = view.integer("recompute_mean", 0)
        self.per_pixel = view.flag("mean_per_pixel", True)
        means = view.numbers("mean")
        uniform = not self.per_pixel and not self.recompute
        self.means = means if len(means) == 3 == channels and uniform else ()
        self.add_blob((1, 1, 1, 1), trained=False)
        if self.recompute:
            self.add_blob((1, channels, *self.size), trained=False)
            self.add_blob((1, channels, 1, 1), trained=False)
        p.message("coeff_schedule_param").take_rest()
        view.take_rest()

    def _read_crop(self, view: Params, bottoms: Shapes) -> tuple[int, int] | None:
        """Height and width of the crop.

        Raises:
            UnsupportedParameterError: the source would draw a transformation, or take one from a second bottom.
        """
        crop = view.integer("crop_height", 0), view.integer("crop_width", 0)
        draws = view.flag("augment_during_test", False) or self.phase == "train"
        if not (view.has("crop_width") and view.has("crop_height")):
            return None
        drawn = next((name for name in _RANDOM if view.has(name)), None) if draws else None
        if drawn is not None or len(bottoms) > 1:
            what = "is drawn for each image" if drawn else "stands beside a bottom of transformations"
            raise view.error(
                drawn or "crop_width", what, "feed images that are augmented already, or load in phase TEST"
            )
        if not (0 < crop[0] <= bottoms[0][2] and 0 < crop[1] <= bottoms[0][3]):
            raise view.error("crop_height", f"and crop_width are {crop}", f"the bottom has shape {bottoms[0]}")
        return crop

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *self.size)]

    def adapt_stored(self, index: int, stored: Array) -> Array:
        """A mean of another size: by pixel its mean over positions everywhere, else zeros, which nothing reads."""
        wanted = self.blobs[index].shape
        if index != 1 or stored.ndim != 4 or stored.shape[:2] != wanted[:2] or stored.shape == wanted:
            return stored
        if not self.per_pixel:
            return np.zeros(wanted, np.float32)
        means = stored.mean(axis=(2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
        return np.broadcast_to(means, wanted).copy()

    def module(self) -> nn.Module:
        """DataAugmentation."""
        from converter.modules import augmentation

        return augmentation.DataAugmentation(
            self.channels, self.size, self.crop, self.recompute, self.per_pixel, self.means
        )
