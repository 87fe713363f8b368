"""Ristretto's quantization_param: how inputs, parameters and outputs are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converter.net.net import Phase
    from converter.net.params import Params

_PRECISIONS = ("DYNAMIC_FIXED_POINT", "MINIFLOAT", "INTEGER_POWER_OF_2_WEIGHTS")


class Quantization:
    """The fields of a quantization_param.

    Source: pmgysel/caffe, src/caffe/proto/caffe.proto.
    """

    def __init__(self, view: Params, phase: Phase) -> None:
        self.precision = view.choice("precision", _PRECISIONS, _PRECISIONS[0])
        self.stochastic = view.choice("rounding_scheme", ("NEAREST", "STOCHASTIC"), "NEAREST") == "STOCHASTIC"
        self.train = phase == "train"
        self.fixed = {
            part: (view.integer(f"bw_{part}", 32), view.integer(f"fl_{part}", 16))
            for part in ("layer_in", "params", "layer_out")
        }
        self.mini = (view.integer("mant_bits", 23), view.integer("exp_bits", 8))
        self.powers = (view.integer("exp_min", -8), view.integer("exp_max", -1))
        if min(bits for bits, _ in self.fixed.values()) < 1 or not 0 < self.mini[0] < 24 or not 0 < self.mini[1] < 9:
            raise view.error("bw_params", f"and its kin are {self.fixed}, {self.mini}", "expected numbers of bits")
        if self.powers[0] > self.powers[1]:
            raise view.error("exp_min", f"is {self.powers[0]}", f"expected no more than exp_max, {self.powers[1]}")

    def options(self) -> dict[str, Any]:
        """Keyword arguments of converter.modules.quantization.FakeQuantized."""
        common = {"stochastic": self.stochastic, "training_phase": self.train}
        if self.precision == "INTEGER_POWER_OF_2_WEIGHTS":
            return {"weights": ("power_of_two", *self.powers), **common}
        if self.precision == "MINIFLOAT":
            return {**dict.fromkeys(("weights", "biases", "inputs", "outputs"), ("mini_float", *self.mini)), **common}
        inputs, params, outputs = (("fixed_point", *self.fixed[part]) for part in ("layer_in", "params", "layer_out"))
        return {"weights": params, "biases": params, "inputs": inputs, "outputs": outputs, **common}
