"""What the published nets are made of, as a list of steps and as a prototxt; no torch.

Front end: VGG-16 without its last two poolings, unpadded, dilated instead (section 4 of the paper). Context module:
dilated 3×3 convolutions that keep the resolution (section 3, table 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

ContextKind: TypeAlias = Literal["basic", "large"]
Padding: TypeAlias = Literal["each", "once"]

_BLOCKS = ((1, 2, 1, 1), (2, 2, 2, 1), (3, 3, 4, 1), (4, 3, 8, 1), (5, 3, 8, 2))
"""Number, convolutions, width as a multiple of the first block's, dilation."""
_POOLED = (1, 2, 3)
_FIXED_CONTEXT_LAYERS = 4
"""conv1_1, conv1_2, fc1 and final; whatever is deeper is dilated."""


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: it reads the blob before it and writes `top` (a ReLU or Dropout: in place)."""

    name: str
    type: Literal["Convolution", "Deconvolution", "Pooling", "ReLU", "Dropout", "Softmax"]
    bottom: str
    top: str
    inputs: int = 0
    outputs: int = 0
    kernel: int = 1
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    group: int = 1
    bias: bool = True

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the layer's blobs as Caffe stores them: the weight and, where there is one, the bias."""
        if self.type not in {"Convolution", "Deconvolution"}:
            return ()
        first, second = (self.outputs, self.inputs) if self.type == "Convolution" else (self.inputs, self.outputs)
        weight = (first, second // self.group, self.kernel, self.kernel)
        return (weight, (self.outputs,)) if self.bias else (weight,)


_LARGEST = {"classes": 2**16, "depth": 30, "width": 2**16, "fc_width": 2**16}
"""What a net's numbers may be at most; a file's word for more would be believed to its last weight."""


@dataclass(frozen=True, slots=True)
class Topology:
    """A DilatedNet's shape.

    `classes` 0 ends the net at fc7 (vgg_conv). `depth` counts the context layers (8 in table 1; 7 for KITTI, 10 for
    Cityscapes), `context` None has none. `padding`: "each" layer by its dilation, or "once", everything before the
    first layer (33 at depth 8); they differ at borders. `width` is conv1_1's, `fc_width` fc6's.
    """

    classes: int
    context: ContextKind | None = "basic"
    depth: int = 8
    padding: Padding = "each"
    upsample: bool = False
    width: int = 64
    fc_width: int = 4096
    classifier: str = "final"
    prefix: str = "ctx_"

    def __post_init__(self) -> None:
        for name, most in _LARGEST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value > most:
                raise ValueError(f"{name} {value!r}; expected a whole number up to {most}")
        if self.classes < 0 or self.width < 1 or self.fc_width < 1:
            raise ValueError(f"classes {self.classes}, width {self.width}, fc_width {self.fc_width}: negative or zero")
        if self.context and (self.depth < _FIXED_CONTEXT_LAYERS or not self.classes):
            raise ValueError(
                f"a context module takes at least 4 layers and 1 class; {self.depth} and {self.classes} given"
            )
        if self.context not in {"basic", "large", None} or self.padding not in {"each", "once"}:
            raise ValueError(
                f"context {self.context!r}, padding {self.padding!r}: not among basic, large, None; each, once"
            )

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every layer in order, up to the softmax."""
        steps = (*front_end_steps(self), *context_steps(self))
        if not self.classes:
            return steps
        steps = (*steps, *upsample_steps(self, steps[-1].top))
        return (*steps, Step("prob", "Softmax", steps[-1].top, "prob"))

    @property
    def parameters(self) -> int:
        """How many numbers the layers hold."""
        return sum(_count(shape) for step in self.steps for shape in step.shapes)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of each context layer: 1, 1, then doubling from 2, then 1, 1."""
        if not self.context:
            return ()
        return (1, 1, *(2 ** (i + 1) for i in range(self.depth - _FIXED_CONTEXT_LAYERS)), 1, 1)

    @property
    def multipliers(self) -> tuple[int, ...]:
        """Width of each context layer as a multiple of the classes (table 1's last two rows)."""
        if self.context != "large":
            return (1,) * len(self.dilations)
        middle = [2 ** (i + 2) for i in range(self.depth - _FIXED_CONTEXT_LAYERS)]
        return (2, 2, *middle, middle[-1] if middle else 2, 1)


def _count(shape: tuple[int, ...]) -> int:
    product = 1
    for dim in shape:
        product *= dim
    return product


def front_end_steps(topology: Topology) -> tuple[Step, ...]:
    """From the image to the classifier's logits (to fc7 where there are no classes)."""
    steps: list[Step] = []
    blob, channels = "data", 3
    for number, convolutions, multiple, dilation in _BLOCKS:
        for index in range(1, convolutions + 1):
            name, width = f"conv{number}_{index}", topology.width * multiple
            steps.append(Step(name, "Convolution", blob, name, channels, width, 3, dilation=dilation))
            steps.append(Step(f"relu{number}_{index}", "ReLU", name, name))
            blob, channels = name, width
        if number in _POOLED:
            steps.append(Step(f"pool{number}", "Pooling", blob, f"pool{number}", kernel=2, stride=2))
            blob = f"pool{number}"
    for name, kernel, dilation in (("fc6", 7, 4), ("fc7", 1, 1)):
        steps.append(Step(name, "Convolution", blob, name, channels, topology.fc_width, kernel, dilation=dilation))
        steps.append(Step(f"relu{name[2:]}", "ReLU", name, name))
        steps.append(Step(f"drop{name[2:]}", "Dropout", name, name))
        blob, channels = name, topology.fc_width
    if topology.classes:
        steps.append(Step(topology.classifier, "Convolution", blob, topology.classifier, channels, topology.classes))
    return tuple(steps)


def _context_names(topology: Topology) -> Iterator[tuple[str, str]]:
    """Name of each context layer and of its ReLU ("" for the last, which has none)."""
    prefix = topology.prefix
    dilated = range(2, topology.depth - _FIXED_CONTEXT_LAYERS + 2)
    for part in ("1_1", "1_2", *(f"{number}_1" for number in dilated)):
        yield f"{prefix}conv{part}", f"{prefix}relu{part}"
    yield f"{prefix}fc1", f"{prefix}fc1_relu"
    yield f"{prefix}final", ""


def context_steps(topology: Topology) -> tuple[Step, ...]:
    """From the classifier's logits to the context module's; empty where there is none."""
    if not topology.context:
        return ()
    steps: list[Step] = []
    blob, channels, shrink = topology.classifier, topology.classes, sum(topology.dilations[:-1])
    for (name, relu), dilation, multiple in zip(
        _context_names(topology), topology.dilations, topology.multipliers, strict=True
    ):
        last, first = not relu, blob == topology.classifier
        pad = dilation if topology.padding == "each" else shrink if first else 0
        width = topology.classes * multiple
        kernel = 1 if last else 3
        steps.append(Step(name, "Convolution", blob, name, channels, width, kernel, 1, 0 if last else pad, dilation))
        if relu:
            steps.append(Step(relu, "ReLU", name, name))
        blob, channels = name, width
    return tuple(steps)


def upsample_steps(topology: Topology, bottom: str) -> tuple[Step, ...]:
    """Eightfold bilinear upsampling of the logits, channel by channel; empty where there is none."""
    if not topology.upsample:
        return ()
    name, classes = f"{topology.prefix}upsample", topology.classes
    return (Step(name, "Deconvolution", bottom, name, classes, classes, 16, 8, 4, group=classes, bias=False),)


def prototxt(topology: Topology, name: str, input_size: tuple[int, int]) -> str:
    """The deploy net as text that Caffe reads; `input_size`: (height, width) of a tile in pixels."""
    return _net_text(name, "data", (1, 3, *input_size), topology.steps)


def context_prototxt(topology: Topology, name: str, cells: tuple[int, int]) -> str:
    """The context module alone as a deploy net; its input is the classifier's logits, `cells`: (height, width)."""
    steps = context_steps(topology)
    prob = Step("prob", "Softmax", steps[-1].top, "prob")
    return _net_text(name, topology.classifier, (1, topology.classes, *cells), (*steps, prob))


def _net_text(name: str, data: str, shape: tuple[int, ...], steps: Iterable[Step]) -> str:
    """A net with one input of this name and shape."""
    dims = " ".join(f"dim: {dim}" for dim in shape)
    head = [f'name: "{name}"', f'input: "{data}"', f"input_shape {{ {dims} }}"]
    return "\n".join([*head, *map(layer_text, steps)]) + "\n"


def layer_text(step: Step) -> str:
    """One layer message on one line; rates as in the released nets: weights 1/1, biases 2/0, upsampling fixed."""
    words = [f'name: "{step.name}" type: "{step.type}" bottom: "{step.bottom}" top: "{step.top}"']
    if step.type == "Convolution":
        words.append("param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }")
    if step.type == "Deconvolution":
        words.append("param { lr_mult: 0 decay_mult: 0 }")
    if step.shapes:
        words.append(f"convolution_param {{ {_convolution_text(step)} }}")
    if step.type == "Pooling":
        words.append(f"pooling_param {{ pool: MAX kernel_size: {step.kernel} stride: {step.stride} }}")
    if step.type == "Dropout":
        words.append("dropout_param { dropout_ratio: 0.5 }")
    return f"layer {{ {' '.join(words)} }}"


def _convolution_text(step: Step) -> str:
    """The fields that differ from Caffe's defaults."""
    fields = [f"num_output: {step.outputs}", "" if step.bias else "bias_term: false", f"kernel_size: {step.kernel}"]
    for field, value, default in (
        ("pad", step.pad, 0),
        ("dilation", step.dilation, 1),
        ("group", step.group, 1),
        ("stride", step.stride, 1),
    ):
        fields.append(f"{field}: {value}" if value != default else "")
    return " ".join(filter(None, fields))
