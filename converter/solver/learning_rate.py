"""The seven learning-rate policies: what the rate is at iteration t.

Source: src/caffe/solvers/sgd_solver.cpp (GetLearningRate). No torch here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from converter.errors import TrainingError

POLICIES = ("fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid")


@dataclass(frozen=True, slots=True)
class LearningRatePolicy:
    """A policy with its numbers, named as in solver.prototxt; `stepvalues` are the repeated `stepvalue`s, in order.

    Raises:
        TrainingError: an unknown policy, a negative gamma or rate, a stepsize or max_iter the policy cannot use.
    """

    policy: str
    base_lr: float
    gamma: float = 0.0
    power: float = 0.0
    stepsize: int = 0
    stepvalues: tuple[int, ...] = ()
    max_iter: int = 0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise TrainingError(
                f"unknown lr_policy {self.policy!r}; known: {', '.join(POLICIES)}; choose one of them",
                field="lr_policy",
            )
        self._require(math.isfinite(self.base_lr) and self.base_lr >= 0, "base_lr", self.base_lr, "0 or more")
        # A falling sigmoid needs gamma < 0, and Caffe answers such a recipe; in the others the rate would alternate.
        if self.policy in ("step", "exp", "inv", "multistep"):
            self._require(self.gamma >= 0, "gamma", self.gamma, "0 or more")
        if self.policy in ("step", "sigmoid"):
            self._require(self.stepsize > 0, "stepsize", self.stepsize, "more than 0")
        if self.policy == "poly":
            self._require(self.max_iter > 0, "max_iter", self.max_iter, "more than 0")

    def _require(self, holds: bool, name: str, seen: float, expected: str) -> None:
        if not holds:
            message = (
                f"lr_policy {self.policy!r} cannot use {name} {seen:g}; expected {expected}; set {name} in the solver"
            )
            raise TrainingError(message, field=name)

    def rate(self, iteration: int, current_step: int = 0) -> tuple[float, int]:
        """The rate for update number `iteration` (the first is 0), and the step count to carry to the next call.

        `current_step` is what the last call returned, or what a solver state holds. `multistep` moves it by at most one
        an iteration, so two equal stepvalues take effect one iteration apart; `step` sets it; the others keep it.
        """
        t = iteration
        if self.policy == "step":
            current_step = t // self.stepsize
        elif self.policy == "multistep":
            pending = current_step < len(self.stepvalues) and t >= self.stepvalues[current_step]
            current_step += int(pending)
        return self.base_lr * self._factor(t, current_step), current_step

    def _factor(self, t: int, step: int) -> float:
        match self.policy:
            case "step" | "multistep":
                return float(self.gamma**step)
            case "exp":
                return float(self.gamma**t)
            case "inv":
                return float((1.0 + self.gamma * t) ** -self.power)
            case "poly":
                # Past max_iter Caffe raises a negative number to a power; the rate stays at its end instead.
                return float(max(0.0, 1.0 - t / self.max_iter) ** self.power)
            case "sigmoid":
                return _sigmoid(self.gamma * (t - self.stepsize))
            case _:
                return 1.0


def _sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))
