"""DataAugmentation (FlowNet's fork) where it draws nothing: a crop in the middle, and the mean subtracted.

Blobs with recompute_mean: passes so far (1, 1, 1, 1), mean (1, c, h, w), its mean over positions (1, c, 1, 1); up to
recompute_mean passes, this one counted, take their batch into both before these are subtracted. A crop is read at
x + (w - crop) / 2 in float32, but no further than w - 1.05, between two pixels.
Source: src/caffe/layers/data_augmentation_layer.cpp and .cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "DataAugmentation"
MESSAGES = ("augmentation_param", "coeff_schedule_param")
BLOBS = ("iterations", "mean", "channel_mean")
NOT_IN_PLACE = True
SUMS = True
_DRAWN = """
mirror translate rotate zoom squeeze translate_x translate_y gamma brightness contrast color lmult_pow lmult_mult
lmult_add sat_pow sat_mult sat_add col_pow col_mult col_add ladd_pow ladd_mult ladd_add col_rotate fog_amount fog_size
motion_blur_angle motion_blur_size shadow_angle shadow_distance shadow_strength noise
""".split()  # noqa: SIM905 - one word a line would hide the list
FIELDS = f"""
augmentation_param: crop_width 0 int = 0; crop_height 0 int = 0; write_augmented 0 text; max_multiplier 0 float = 255; augment_during_test 0 bool = false; recompute_mean 0 int = 0; write_mean 0 text; mean_per_pixel 0 bool = true; mean 0 float*; mode 0 text = add; bottomwidth 0 int = 0; bottomheight 0 int = 0; num 0 int = 0; chromatic_eigvec 0 float*; {"; ".join(f"{name} 0 message" for name in _DRAWN)}
coeff_schedule_param: half_life 0 float = 1; initial_coeff 0 float = 1; final_coeff 0 float = 1
"""  # noqa: E501 (one line a message)


def _crop(layer: Layer, bottoms: list[Array]) -> tuple[int, int] | None:
    params = layer.params("augmentation_param")
    if not (params.has("crop_width") and params.has("crop_height")):
        return None
    draws = layer.phase == "train" or params.flag("augment_during_test")
    if len(bottoms) > 1 or (draws and any(map(params.has, _DRAWN))):
        raise layer.error("changes its images at random, which the oracle cannot; phase test may not")
    size = params.integer("crop_height"), params.integer("crop_width")
    if not (0 < size[0] <= bottoms[0].shape[2] and 0 < size[1] <= bottoms[0].shape[3]):
        raise layer.error(f"cannot crop {size} from {bottoms[0].shape}")
    return size


def adapt(layer: Layer, index: int, stored: Array, shape: tuple[int, ...]) -> Array:
    """A stored mean of another size: its mean over positions everywhere, or nothing where means are by channel."""
    if index != 1 or stored.ndim != 4 or stored.shape[:2] != shape[:2] or stored.shape == shape:
        return stored
    if not layer.params("augmentation_param").flag("mean_per_pixel"):
        return np.zeros(shape, stored.dtype)
    means: Array = stored.mean(axis=(2, 3), keepdims=True, dtype=np.float64).astype(stored.dtype)
    return np.asarray(np.ones(shape, stored.dtype) * means)


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The number of passes and, where the mean is computed, the means."""
    layer.expect(bottoms, 1, 2)
    empty = Params("filler", [], layer.where, layer.path)
    channels, size = bottoms[0].shape[1], _crop(layer, bottoms) or bottoms[0].shape[2:]
    shapes: list[tuple[int, ...]] = [(1, 1, 1, 1), (1, channels, *size), (1, channels, 1, 1)]
    computed = layer.params("augmentation_param").integer("recompute_mean")
    return [Parameter(shape, empty) for shape in (shapes if computed else shapes[:1])]


def _cut(x: Array, size: int, axis: int) -> Array:
    given = x.shape[axis]
    places = np.arange(size, dtype=np.float32) + np.float32(given - size) / np.float32(2)
    places = np.maximum(np.minimum(places, np.float32(given) - np.float32(1.05)), np.float32(0))
    first = places.astype(int)
    share = np.moveaxis((places - first).astype(x.dtype)[:, None, None, None], 0, axis)
    return np.asarray(
        np.take(x, first, axis) * (1 - share) + np.take(x, np.minimum(first + 1, given - 1), axis) * share
    )


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, h, w); returns (n, c, crop_height, crop_width), or the bottom's shape."""
    params, x = layer.params("augmentation_param"), bottoms[0]
    if len(layer.tops) > 1:
        raise layer.error("has a second top for what it draws; the oracle draws nothing")
    size = _crop(layer, bottoms)
    if size is not None:
        x = _cut(_cut(x, size[0], 2), size[1], 3)
    steps, per_pixel = params.integer("recompute_mean"), params.flag("mean_per_pixel")
    if not steps:
        means = params.reals("mean")
        return [x - np.array(means, x.dtype)[:, None, None] if len(means) == 3 and not per_pixel else x]
    count, mean, channel_mean = int(blobs[0].item()) + 1, blobs[1], blobs[2]
    if count <= steps:
        mean = (mean * (count - 1) + x.mean(axis=0)) / count
        channel_mean = mean.mean(axis=(2, 3), keepdims=True)
    return [x - (mean if per_pixel else channel_mean)]
