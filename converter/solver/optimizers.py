"""Caffe's six update rules as torch optimizers.

What they have in common stands in `CaffeOptimizer.step`: clip over all gradients, divide by iter_size, regularise, then
the rule of the class. Source: src/caffe/solvers/*.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from converter.errors import TrainingError

Group = dict[str, Any]
Params = Iterable[Tensor] | Iterable[Group]


class CaffeOptimizer(torch.optim.Optimizer):
    """What every rule shares. A group may set `lr_mult` and `decay_mult` (each 1 by default), as Caffe's `param` does.

    `lr` of a group is the policy's rate; the rule sees lr × lr_mult. Gradients are expected summed over `iter_size`
    backward passes. A parameter without a gradient takes part with a zero one, so its history decays as in Caffe.
    Gradients are left as they are; `histories` tensors of a parameter's shape are kept in `state[p]["history"]`.

    Raises:
        TrainingError: a regularization other than L1 and L2, or a number outside its range.
    """

    histories: ClassVar[int] = 1

    def __init__(
        self,
        params: Params,
        lr: float,
        *,
        weight_decay: float = 0.0,
        regularization: str = "L2",
        clip_gradients: float = -1.0,
        iter_size: int = 1,
        **rule: float,
    ) -> None:
        if regularization not in ("L1", "L2"):
            raise TrainingError(f"unknown regularization_type {regularization!r}; known: L1, L2; choose one of them")
        if iter_size < 1:
            raise TrainingError(f"iter_size is {iter_size}; expected 1 or more; set how many passes make one update")
        common = {"lr": lr, "lr_mult": 1.0, "decay_mult": 1.0, "weight_decay": weight_decay, "iteration": 0}
        super().__init__(params, {**common, **rule})
        self.regularization = regularization
        self.clip_gradients = clip_gradients
        self.iter_size = iter_size

    def set_rate(self, rate: float) -> None:
        """Use the policy's `rate` for the next update."""
        for group in self.param_groups:
            group["lr"] = rate

    def history(self, parameter: Tensor) -> list[Tensor]:
        """The rule's memory of `parameter`: `histories` tensors of its shape, zeros before the first update."""
        state = self.state[parameter]
        if "history" not in state:
            state["history"] = [torch.zeros_like(parameter) for _ in range(self.histories)]
        memory: list[Tensor] = state["history"]
        return memory

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One update; `closure` (optional) computes the loss and its gradients first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        scale = self._clip_scale() / self.iter_size
        for group in self.param_groups:
            group["iteration"] += 1
            for parameter in group["params"]:
                gradient = self._regularize(parameter, group, scale)
                self._update(parameter, gradient, self.history(parameter), group)
        return loss

    def _clip_scale(self) -> float:
        """What clip_gradients multiplies every gradient with: by the norm of all of them as accumulated."""
        if self.clip_gradients < 0:
            return 1.0
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        if not gradients:
            return 1.0
        squares = torch.stack([g.float().square().sum().to(gradients[0].device) for g in gradients])
        norm = math.sqrt(sum(squares.tolist()))  # read at once: the host waits for the device once, not once a blob
        return self.clip_gradients / norm if norm > self.clip_gradients else 1.0

    def _regularize(self, parameter: Tensor, group: Group, scale: float) -> Tensor:
        """The gradient the rule sees: scaled, with the weight decay's share added."""
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.mul(scale)
        decay = group["weight_decay"] * group["decay_mult"]
        if decay:
            gradient.add_(parameter if self.regularization == "L2" else parameter.sign(), alpha=decay)
        return gradient

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        raise NotImplementedError


class SGD(CaffeOptimizer):
    """v = momentum v + r g; w -= v. The rate is inside the velocity: a new rate leaves the old momentum as it was."""

    def __init__(self, params: Params, lr: float, *, momentum: float = 0.0, **common: Any) -> None:
        super().__init__(params, lr, momentum=momentum, **common)

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        velocity = history[0].mul_(group["momentum"]).add_(gradient, alpha=group["lr"] * group["lr_mult"])
        parameter.sub_(velocity)


class Nesterov(SGD):
    """v' = momentum v + r g; w -= (1 + momentum) v' - momentum v."""

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        momentum = group["momentum"]
        parameter.add_(history[0], alpha=momentum)
        velocity = history[0].mul_(momentum).add_(gradient, alpha=group["lr"] * group["lr_mult"])
        parameter.sub_(velocity, alpha=1 + momentum)


class AdaGrad(CaffeOptimizer):
    """h += g²; w -= r g / (sqrt(h) + delta)."""

    def __init__(self, params: Params, lr: float, *, delta: float = 1e-8, **common: Any) -> None:
        super().__init__(params, lr, delta=delta, **common)

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        squares = history[0].addcmul_(gradient, gradient)
        parameter.addcdiv_(gradient, squares.sqrt().add_(group["delta"]), value=-group["lr"] * group["lr_mult"])


class RMSProp(CaffeOptimizer):
    """h = d h + (1 - d) g²; w -= r g / (sqrt(h) + delta), d = rms_decay."""

    def __init__(
        self, params: Params, lr: float, *, rms_decay: float = 0.99, delta: float = 1e-8, **common: Any
    ) -> None:
        super().__init__(params, lr, rms_decay=rms_decay, delta=delta, **common)

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        decay = group["rms_decay"]
        squares = history[0].mul_(decay).addcmul_(gradient, gradient, value=1 - decay)
        parameter.addcdiv_(gradient, squares.sqrt().add_(group["delta"]), value=-group["lr"] * group["lr_mult"])


class AdaDelta(CaffeOptimizer):
    """h = m h + (1 - m) g²; u = g sqrt((h2 + delta) / (h + delta)); h2 = m h2 + (1 - m) u²; w -= r u, m = momentum."""

    histories: ClassVar[int] = 2

    def __init__(
        self, params: Params, lr: float, *, momentum: float = 0.95, delta: float = 1e-6, **common: Any
    ) -> None:
        super().__init__(params, lr, momentum=momentum, delta=delta, **common)

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        momentum, delta = group["momentum"], group["delta"]
        squares, updates = history
        squares.mul_(momentum).addcmul_(gradient, gradient, value=1 - momentum)
        update = updates.add(delta).div_(squares.add(delta)).sqrt_().mul_(gradient)
        updates.mul_(momentum).addcmul_(update, update, value=1 - momentum)
        parameter.sub_(update, alpha=group["lr"] * group["lr_mult"])


class Adam(CaffeOptimizer):
    """m, v as usual; w -= r sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + delta): delta joins the uncorrected sqrt(v)."""

    histories: ClassVar[int] = 2

    def __init__(
        self,
        params: Params,
        lr: float,
        *,
        momentum: float = 0.9,
        momentum2: float = 0.999,
        delta: float = 1e-8,
        **common: Any,
    ) -> None:
        super().__init__(params, lr, momentum=momentum, momentum2=momentum2, delta=delta, **common)

    def _update(self, parameter: Tensor, gradient: Tensor, history: list[Tensor], group: Group) -> None:
        first, second = history
        b1, b2, t = group["momentum"], group["momentum2"], group["iteration"]
        first.mul_(b1).add_(gradient, alpha=1 - b1)
        second.mul_(b2).addcmul_(gradient, gradient, value=1 - b2)
        correction = math.sqrt(1 - b2**t) / (1 - b1**t)
        rate = group["lr"] * group["lr_mult"] * correction
        parameter.addcdiv_(first, second.sqrt().add_(group["delta"]), value=-rate)


SOLVERS: dict[str, type[CaffeOptimizer]] = {
    "SGD": SGD,
    "Nesterov": Nesterov,
    "AdaGrad": AdaGrad,
    "RMSProp": RMSProp,
    "AdaDelta": AdaDelta,
    "Adam": Adam,
}
