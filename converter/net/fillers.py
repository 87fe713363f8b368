"""A weight filler as a FillerParameter says it (include/caffe/filler.hpp); `net/filling.py` draws with it.

`identity` is fyu/caffe-dilation's, `diagonal` lmb-freiburg/flownet2's, `gabor` Intel's.
"""

from __future__ import annotations

from dataclasses import dataclass

from converter.net.params import Params

FILLERS = (
    *("bilinear", "constant", "diagonal", "gabor", "gaussian", "identity", "msra", "positive_unitball", "uniform"),
    "xavier",
)
"""The types that a prototxt may name."""


@dataclass(frozen=True, slots=True)
class Filler:
    """A FillerParameter: how a blob is filled when no weights are given; `_set` where presence itself matters.

    The type "matrix" is no filler of Caffe's: layers say it of square blobs that hold `diagonal` and are 0 elsewhere.
    """

    type: str = "constant"
    value: float = 0.0
    minimum: float = 0.0
    maximum: float = 1.0
    mean: float = 0.0
    std: float = 1.0
    sparse: int = -1
    variance_norm: str = "FAN_IN"
    num_groups: int | None = None
    value_set: bool = False
    std_set: bool = False
    diagonal: tuple[float, ...] = ()

    @property
    def random(self) -> bool:
        """Whether two fillings differ."""
        return self.type not in {"constant", "bilinear", "diagonal", "gabor", "matrix"} and not (
            self.type == "identity" and not self.std_set
        )


def read_filler(view: Params, default: Filler | None = None) -> Filler:
    """The filler a message describes; an absent message gives `default`, or constant 0."""
    if not view.record.fields:
        return default or Filler()
    kind = view.text("type", "constant")
    if kind not in FILLERS:
        raise view.error("type", f"is {kind!r}", f"the fillers are {', '.join(FILLERS)}")
    filler = Filler(
        type=kind,
        value=view.number("value", 0.0),
        minimum=view.number("min", 0.0),
        maximum=view.number("max", 1.0),
        mean=view.number("mean", 0.0),
        std=view.number("std", 1.0),
        sparse=view.integer("sparse", -1),
        variance_norm=view.choice("variance_norm", ("FAN_IN", "FAN_OUT", "AVERAGE"), "FAN_IN"),
        num_groups=view.integer("num_groups") if view.has("num_groups") else None,
        value_set=view.has("value"),
        std_set=view.has("std"),
        diagonal=view.numbers("diag_val"),
    )
    if filler.sparse != -1 and kind not in {"gaussian", "identity"}:
        raise view.error("sparse", f"is set for a {kind} filler", "only gaussian and identity can be sparse")
    return filler
