"""DilatedNet as an nn.Module whose layers bear Caffe's names: one file of weights fits it and Caffe's net alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import torch
from torch import nn

from converter.dilatednet.initialization import start
from converter.dilatednet.topology import (
    ContextKind,
    Padding,
    Step,
    Topology,
    context_steps,
    front_end_steps,
    upsample_steps,
)
from converter.dilatednet.zoo import Model
from converter.modules.max_pooling import CeilMaxPool2d
from converter.net.preprocessing import Preprocessing
from converter.pytorch.transform import Transform


def _layer(step: Step) -> nn.Module:
    """The module of a step. ReLU works in place: Caffe's blob of that name is the one after it."""
    if step.type == "Convolution":
        return nn.Conv2d(
            step.inputs, step.outputs, step.kernel, step.stride, step.pad, step.dilation, step.group, step.bias
        )
    if step.type == "Deconvolution":
        return nn.ConvTranspose2d(
            step.inputs, step.outputs, step.kernel, step.stride, step.pad, groups=step.group, bias=step.bias
        )
    if step.type == "Pooling":
        return CeilMaxPool2d(step.kernel, step.stride)
    if step.type == "Dropout":
        return nn.Dropout(0.5)
    return nn.ReLU(inplace=True) if step.type == "ReLU" else nn.Softmax(dim=1)


class _Chain(nn.Sequential):
    """Layers one after another under Caffe's names."""

    def _append(self, steps: Iterable[Step], role: str, classes: int, noise: float | None = None) -> None:
        for step in steps:
            module = _layer(step)
            if step.shapes:
                start(module, step, role, classes, noise)
            self.add_module(step.name, module)


class FrontEnd(_Chain):
    """The VGG-16 front end: image in, logits at an eighth of the resolution out (paper, section 4).

    x: (n, 3, h, w) float32, B, G, R in 0 to 255 minus the mean → (n, classes, ceil((h - 372) / 8), the same of w), or
    (n, fc_width, …) where the topology has no classes.
    """

    def __init__(self, topology: Topology) -> None:
        super().__init__()
        steps = front_end_steps(topology)
        body = [step for step in steps if step.name != topology.classifier]
        self._append(body, "front end", topology.classes)
        self._append(steps[len(body) :], "classifier", topology.classes)


class Context(_Chain):
    """The context module: logits in, logits of the same shape out (paper, table 1), the identity until trained.

    x: (n, classes, h, w) float32. `noise` is the standard deviation of equation 5's ε in layers as wide as the classes;
    wider ones get it divided by their multiple of that, as fyu/dilation's network.py does with 0.01. None: no noise,
    which makes the first output max(x, 0): exactly in Basic, in Large as exactly as sums of 32 equal parts are rounded.
    Bias 0.
    """

    def __init__(self, topology: Topology, noise: float | None = None) -> None:
        super().__init__()
        self._append(context_steps(topology), "context", topology.classes, noise)


class DilatedNet(nn.Sequential):
    """Front end, context module, optional upsampling, softmax.

    x: (n, 3, h, w) float32, B, G, R in 0 to 255 minus the mean → probabilities (n, classes, h', w'), where h' is
    ceil((h - 372) / 8), or eight times that with upsampling. Layers are children under Caffe's names (hooks and slices
    work); state_dict keys are `<caffe layer>.weight` and `.bias`. Neither classifier, last context layer
    nor upsampling is followed by a ReLU. A fresh net has a random front end and an identity context (`initialize`).
    `model` is the record that `load` made it from.
    """

    def __init__(
        self,
        classes: int,
        context: ContextKind | None = "basic",
        depth: int = 8,
        *,
        padding: Padding = "each",
        upsample: bool = False,
        width: int = 64,
        fc_width: int = 4096,
        classifier: str = "final",
        prefix: str = "ctx_",
        noise: float | None = None,
    ) -> None:
        super().__init__()
        self.topology = Topology(classes, context, depth, padding, upsample, width, fc_width, classifier, prefix)
        self.input_size: tuple[int, int] | None = None
        self.model: Model | None = None
        parts: list[nn.Sequential] = [FrontEnd(self.topology), Context(self.topology, noise), self._end()]
        for part in parts:
            for name, module in part.named_children():
                self.add_module(name, module)
        self._tops = {step.name: step.top for step in self.topology.steps}

    @classmethod
    def of(cls, topology: Topology, noise: float | None = None) -> DilatedNet:
        """The net of a topology, such as a zoo record's."""
        return cls(**asdict(topology), noise=noise)

    def _end(self) -> nn.Sequential:
        """What follows the context module: upsampling, whose kernel is fixed, and the softmax."""
        end = _Chain()
        if self.topology.classes:
            end._append(upsample_steps(self.topology, ""), "upsample", self.topology.classes)
            for parameter in end.parameters():
                parameter.requires_grad_(False)
            end.add_module("prob", nn.Softmax(dim=1))
        return end

    @property
    def transform(self) -> Transform | None:
        """Makes the net's input of images, as `CaffeModule.transform`: B, G, R minus its data set's mean, no padding.

        None where no record says the mean (`model`).
        """
        return None if self.model is None else Transform(Preprocessing(mean=self.model.label_set.mean))

    @property
    def segments(self) -> dict[str, tuple[str | None, str | None]]:
        """Parts that `converter.fast` can run by themselves, as the layers before and at the end of each."""
        names = [name for name, _ in self.named_children() if name != "prob"]
        classifier = self.topology.classifier if self.topology.classes else None
        return {"features": (None, classifier), "logits": (None, names[-1]), "behind_features": (classifier, None)}

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """The front end's output (n, classes, h', w'): the classifier's logits, on which the context module works."""
        return self._run(x, last=self.topology.classifier if self.topology.classes else None)

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """The output before the softmax: (n, classes, h', w'), upsampled where the net upsamples."""
        names = [name for name, _ in self.named_children() if name != "prob"]
        return self._run(x, last=names[-1])

    def blobs(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Every blob (n, c, h, w) under Caffe's name, with its last writer's value; the input is `data`."""
        blobs = {"data": x}
        for name, module in self.named_children():
            x = module(x)
            blobs[self._tops[name]] = x
        return blobs

    def _run(self, x: torch.Tensor, last: str | None) -> torch.Tensor:
        """Through the layers up to and with `last`."""
        for name, module in self.named_children():
            x = module(x)
            if name == last:
                break
        return x
