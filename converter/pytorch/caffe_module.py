"""A Caffe net as a PyTorch module: runs the layers in file order and gives every blob on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from converter.errors import ShapeError, WeightsError
from converter.net.names import escape
from converter.plan.plan import Plan, Step, param_spec

Arrays = Mapping[str, Sequence[np.ndarray[Any, Any]]]


class LayerModule(nn.Module):
    """One layer: its operator, and its blobs as parameters (trained) or buffers (statistics)."""

    def __init__(self, step: Step, blobs: Sequence[Tensor]) -> None:
        super().__init__()
        self.operator = step.operator
        self.slots: list[str] = []
        for blob, value in zip(step.operator.blobs, blobs, strict=True):
            self.slots.append(blob.name)
            if blob.trained:
                self.register_parameter(blob.name, value if isinstance(value, nn.Parameter) else nn.Parameter(value))
            else:
                self.register_buffer(blob.name, value)

    def blob(self, index: int) -> Tensor:
        """Caffe's blob `index` of this layer."""
        value = getattr(self, self.slots[index])
        assert isinstance(value, Tensor)
        return value

    def forward(self, bottoms: list[Tensor], options: dict[str, Any]) -> list[Tensor]:
        """The layer's tops."""
        from converter.layers.layer import Call

        blobs = [self.blob(index) for index in range(len(self.slots))]
        return self.operator.forward(Call(bottoms, blobs, self.training, options))

    def extra_repr(self) -> str:
        """Caffe's type, for `print(net)`."""
        return self.operator.type


class CaffeModule(nn.Module):
    """A net of any layer types at hand, with Caffe's names for layers, blobs, inputs and outputs.

    `net(data=x)` (or `net(x)` where the net has one input) gives the outputs in Caffe's order, `net.blobs(data=x)`
    every blob. Inputs may be tensors or numpy arrays; arrays take the module's dtype and device. Input sizes may change
    between calls wherever no InnerProduct or the like fixes them.

    Attributes:
        plan: the configured net.
        notes: what was done that the files do not say: fields left over, blobs filled, layers of the file not used.
        loss_weights: weight of each top in the training loss.
    """

    def __init__(self, plan: Plan, values: Arrays, notes: Sequence[str] = ()) -> None:
        super().__init__()
        self.plan = plan
        self.notes = tuple(notes)
        self.inputs = dict(plan.inputs)
        self.outputs = plan.net.outputs
        self.loss_weights = _loss_weights(plan)
        self._readers = _last_readers(plan)
        self._by_name: dict[str, LayerModule] = {}
        shared: dict[str, nn.Parameter] = {}
        for step in plan.steps:
            module = LayerModule(step, _tensors(step, values, shared))
            for index in range(len(module.slots)):
                name = param_spec(step.layer, index).name
                value = module.blob(index)
                if name and isinstance(value, nn.Parameter):
                    shared.setdefault(name, value)
            self._by_name.setdefault(step.layer.name, module)
            self._modules[_unused(escape(step.layer.name), self._modules)] = module

    def forward(self, *args: Tensor, **inputs: Tensor) -> dict[str, Tensor]:
        """The net's outputs by name, in Caffe's (alphabetical) order; other blobs are freed after their last reader."""
        blobs = self._run(self._fed(args, inputs), self._readers)
        return {name: blobs[name] for name in self.outputs}

    def blobs(self, *args: Tensor, **inputs: Tensor) -> dict[str, Tensor]:
        """Every blob by name, in the order of first writing; an in-place layer's blob holds its last writer's value."""
        return self._run(self._fed(args, inputs), {})

    def _run(self, fed: Mapping[str, Tensor], readers: Mapping[int, Sequence[str]]) -> dict[str, Tensor]:
        """Run every layer; `readers` names the blobs to drop after each step."""
        like = self._like(fed)
        values: dict[str, Tensor] = {}
        options = {"dtype": like.dtype, "device": like.device}
        for number, (step, module) in enumerate(zip(self.plan.steps, self._modules.values(), strict=True)):
            if step.operator.is_input:
                values.update((top, fed[top]) for top in step.layer.tops)
                continue
            bottoms = [values[name] for name in step.layer.bottoms]
            try:
                tops = cast(LayerModule, module)(bottoms, options)
            except ShapeError as error:
                raise ShapeError(f"layer {step.layer.name!r} ({step.layer.type}): {error}") from error
            del bottoms
            values.update(zip(step.layer.tops, tops, strict=True))
            for name in readers.get(number, ()):
                del values[name]
        return values

    def blob_parameter(self, layer: str, index: int) -> Tensor:
        """The parameter or buffer that holds Caffe's blob `index` of a layer."""
        return self._by_name[layer].blob(index)

    def adopt(self, owner: CaffeModule) -> None:
        """Hold the owner's own blobs in layers that it has too, by name (src/caffe/net.cpp, ShareTrainedLayersWith).

        Raises:
            WeightsError: blobs of other numbers or shapes.
        """
        for name, mine in self._by_name.items():
            theirs = owner._by_name.get(name)
            if theirs is None or not mine.slots:
                continue
            pair = [[tuple(layer.blob(i).shape) for i in range(len(layer.slots))] for layer in (mine, theirs)]
            if pair[0] != pair[1]:
                text = f"layer '{name}': blobs of shapes {pair[0]}; the net whose weights it shares has {pair[1]}"
                raise WeightsError(f"{text}; state the layer alike in both", layer=name)
            for slot, other in zip(mine.slots, theirs.slots, strict=True):
                held = mine._parameters if slot in mine._parameters else mine._buffers
                held[slot] = getattr(theirs, other)

    def loss(self, blobs: Mapping[str, Tensor]) -> Tensor:
        """The training loss: the sum of every weighted top (src/caffe/net.cpp, ForwardFromTo)."""
        terms = [weight * blobs[top].sum() for top, weight in self.loss_weights.items()]
        if not terms:
            raise ShapeError("the net has no loss: no top carries a loss weight")
        return torch.stack([term.reshape(()) for term in terms]).sum()

    def _fed(self, args: Sequence[Tensor], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        names = list(self.inputs)
        if len(args) > len(names):
            raise ShapeError(f"{len(args)} inputs given; the net has {len(names)}: {', '.join(names)}")
        fed = {**dict(zip(names, args, strict=False)), **inputs}
        missing = [name for name in names if name not in fed]
        stray = [name for name in fed if name not in names]
        if missing or stray:
            problem = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(stray)}"
            raise ShapeError(f"inputs: {problem}; the net's inputs are {', '.join(names) or 'none'}")
        return {name: self._tensor(value) for name, value in fed.items()}

    def _tensor(self, value: Tensor | np.ndarray[Any, Any]) -> Tensor:
        if isinstance(value, Tensor):
            return value
        own = next(self.parameters(), None)
        kind = own.dtype if own is not None else torch.from_numpy(np.empty(0, value.dtype)).dtype
        return torch.as_tensor(np.ascontiguousarray(value)).to(own.device if own is not None else "cpu", kind)

    def _like(self, fed: Mapping[str, Tensor]) -> Tensor:
        own = next(self.parameters(), None)
        return own if own is not None else next(iter(fed.values()), torch.empty(0))


def _tensors(step: Step, values: Arrays, shared: Mapping[str, nn.Parameter]) -> list[Tensor]:
    """A step's blobs: its owner's parameter where shared by name, else the given array, unchanged and uncopied."""
    tensors: list[Tensor] = []
    for index, array in enumerate(values[step.layer.name] if step.operator.blobs else ()):
        owner = shared.get(param_spec(step.layer, index).name)
        tensors.append(owner if owner is not None else torch.from_numpy(array))
    return tensors


def _last_readers(plan: Plan) -> dict[int, list[str]]:
    """For each step the blobs that nobody reads or writes after it and that are no outputs."""
    last: dict[str, int] = {}
    for number, step in enumerate(plan.steps):
        last.update(dict.fromkeys((*step.layer.bottoms, *step.layer.tops), number))
    readers: dict[int, list[str]] = {}
    for name, number in last.items():
        if name not in plan.net.outputs and not plan.steps[number].operator.is_input:
            readers.setdefault(number, []).append(name)
    return readers


def _loss_weights(plan: Plan) -> dict[str, float]:
    """Loss weight of each top that has one (include/caffe/layer.hpp, SetLossWeights)."""
    weights: dict[str, float] = {}
    for step in plan.steps:
        given = step.layer.loss_weights
        if not given and step.operator.is_loss:
            given = (1.0,)
        weights.update({top: weight for top, weight in zip(step.layer.tops, given, strict=False) if weight})
    return weights


def _unused(name: str, taken: Mapping[str, object]) -> str:
    """`name`, or with a count behind it where a net has two layers of that name (which then hold no weights)."""
    count, candidate = 1, name
    while candidate in taken:
        count += 1
        candidate = f"{name}%23{count}"
    return candidate
