"""BN: batch normalisation with its affine part, in the two meanings that forks give the name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from converter.errors import ShapeError
from converter.layers.layer import Array, Operator, Shapes, layer
from converter.net.fillers import Filler

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

_SEGNET = ("bn_mode", "scale_filler", "shift_filler")
_RUNNING = ("slope_filler", "bias_filler", "momentum", "eps", "frozen", "var_eps", "decay", "moving_average", "axis")

T = TypeVar("T")


@layer("BN")
class BN(Operator):
    """weight * (x - mean) / sqrt(variance + eps) + bias per channel, x: (n, c, h, w); all blobs (1, c, 1, 1).

    SegNet's (two blobs; fields bn_mode, scale_filler, shift_filler): with bn_mode LEARN, the default, the batch's own
    mean and biased variance in both phases, eps 1e-9, and they are tops 2 and 3 where asked for; with INFERENCE just
    weight * x + bias, the statistics having been folded in.
    Source: alexgkendall/caffe-segnet, src/caffe/layers/bn_layer.cpp.

    The running one (four blobs, the last two the statistics; fields slope_filler, bias_filler, momentum, eps, frozen):
    the batch's statistics in training, which the blobs take in as momentum * old + (1 - momentum) * new; the blobs'
    otherwise, and in training too where `frozen`, which also stops the gradients of all blobs. An older form says
    scale_filler, shift_filler, var_eps, decay (1 - momentum), moving_average.
    Source: yjxiong/caffe and hszhao/PSPNet, src/caffe/layers/bn_layer.cpp.

    Where no field tells, the number of blobs in the weights file does, then that of the layer's `param` entries.
    """

    blob_names = ("weight", "bias", "running_mean", "running_var")
    legacy_blob_names = ("weight", "bias", "mean", "variance")

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tell the two meanings apart and read the fields of the one."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) < 2:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected at least 2 axes (n, c, ...)")
        view = p.message("bn_param")
        self.running = _has_statistics(p, view)
        self.folded = False
        self.global_stats: bool | None = None
        axis = view.integer("axis", 1)
        if axis != 1:
            raise view.error("axis", f"is {axis}", "only channels, axis 1, are supported")
        shape = (1, bottoms[0][1], 1, 1)
        slope, bias = ("slope_filler", "bias_filler") if view.has("slope_filler") else ("scale_filler", "shift_filler")
        self.add_blob(shape, view.message(slope))
        self.add_blob(shape, view.message("bias_filler" if view.has("bias_filler") else bias))
        if self.running:
            self._read_running(view)
            self.add_blob(shape, default=Filler(), trained=False)
            self.add_blob(shape, default=Filler(), trained=False)
        else:
            self.folded = view.choice("bn_mode", ("LEARN", "INFERENCE"), "LEARN") == "INFERENCE"
            self.eps = 1e-9

    def _read_running(self, view: Params) -> None:
        old = view.has("var_eps") or view.has("decay") or view.has("moving_average")
        self.eps = view.number("var_eps", 1e-9) if old else view.number("eps", 1e-5)
        self.momentum = 1 - view.number("decay", 0.05) if old else view.number("momentum", 0.9)
        self.frozen = view.flag("frozen", False)
        self.averages = view.flag("moving_average", True)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape, and (1, c, 1, 1) for the batch's statistics."""
        statistic = (1, bottoms[0][1], 1, 1)
        return [bottoms[0], statistic, statistic][: self.tops if not self.running else 1]

    def module(self) -> nn.Module:
        """ScaledBatchNorm2d with running statistics, else BatchStatisticsNorm2d."""
        from converter.modules import normalization

        channels = self.blobs[0].shape[1]
        if self.running:
            return normalization.ScaledBatchNorm2d(channels, self.eps, self.momentum, self.frozen, self.averages)
        return normalization.BatchStatisticsNorm2d(channels, self.folded, self.tops - 1, self.eps)

    @classmethod
    def state_of(cls, blobs: Sequence[Array]) -> list[Array]:
        """The statistics (1, c, 1, 1) as (c,), as nn.BatchNorm2d has them; slope and offset keep their shape.

        Raises:
            ValueError: other than two or four blobs.
        """
        _check_count(blobs)
        return [*blobs[:2], *(blob.reshape(-1) for blob in blobs[2:])]

    @classmethod
    def blobs_of(cls, state: Sequence[T]) -> list[T]:
        """The statistics as Caffe's (1, c, 1, 1).

        Raises:
            ValueError: other than two or four values; two are SegNet's, without statistics.
        """
        _check_count(state)
        return [*state[:2], *(value.reshape(1, -1, 1, 1) for value in state[2:])]  # type: ignore[attr-defined]


def _check_count(values: Sequence[object]) -> None:
    if len(values) not in (2, 4):
        raise ValueError("expected slope and offset, and mean and variance or neither")


def _has_statistics(p: Params, view: Params) -> bool:
    """Whether this is the BN with running statistics."""
    if any(view.has(name) for name in _RUNNING):
        return True
    if any(view.has(name) for name in _SEGNET):
        return False
    if p.stored_blobs is not None:
        return p.stored_blobs == 4
    return sum(item.name == "param" for item in p.record) == 4
