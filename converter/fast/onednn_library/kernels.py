"""oneDNN's primitives for the steps of a net, each ready to be run on the tensors it was made for."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_char_p, c_float, c_int, c_void_p
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from converter.fast.onednn_library.binding import Dims, Handle, call, engine, load
from converter.fast.onednn_library.memory import Memory, any_layout, descriptor_of, fresh, size_of
from converter.fast.response_normalization import FastLocalResponseNorm

Step = Callable[[], int]
"""Does one step of a net and gives oneDNN's status, of which 0 is success."""

MAXIMUM, AVERAGE_WITH_PADDING, AVERAGE = 0x1FF, 0x2FF, 0x3FF
"""Pooling: dnnl_pooling_max, dnnl_pooling_avg_include_padding and dnnl_pooling_avg_exclude_padding."""

RECTIFY, HYPERBOLIC_TANGENT, EXPONENTIAL, LOGISTIC, SWISH, CLIP = 0x20, 0x21, 0x22, 0x29, 0x2C, 0x2E
"""Activations: dnnl_eltwise_relu, dnnl_eltwise_tanh and so on."""

_INFERENCE, _DIRECT, _FLOAT32 = 96, 1, 3
_ACROSS_CHANNELS, _ACCURATE_SOFTMAX, _BY_CHANNEL = 0xAFF, 0x30000, 1 << 1
_IN_ORDER, _SCRATCHPAD_IS_OURS = 1, 1
_SOURCE, _TARGET, _WEIGHTS, _BIAS, _SCRATCHPAD, _FIRST_OF_SEVERAL, _POST_OPERATION = 1, 17, 33, 41, 80, 1024, 32768
_IMPLEMENTATION, _WEIGHTS_LAYOUT, _SCRATCHPAD_LAYOUT = 8, 131, 136
"""Numbers of dnnl_prop_kind_t, dnnl_alg_kind_t and so on, DNNL_ARG_… and dnnl_query_t of the headers."""

_SLOW = ("ref", "gemm:ref")
"""What implementations are called that nobody should wait for: of layouts or sizes that no kernel is written for."""


class _Argument(ctypes.Structure):
    """dnnl_exec_arg_t."""

    _fields_ = (("argument", c_int), ("memory", c_void_p))


@dataclass(frozen=True, slots=True)
class Activation:
    """A function of each number; or, with `slopes`, one for all channels or one each, max(x, 0) + slope · min(x, 0).

    What `alpha` and `beta` are depends on the kind: dnnl_eltwise_relu's slope, dnnl_eltwise_clip's bounds.
    """

    kind: int = RECTIFY
    alpha: float = 0.0
    beta: float = 0.0
    slopes: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Behind:
    """What a kernel does with its sums before it stores them: adds the target's own numbers, applies an activation."""

    added: bool = False
    activation: Activation | None = None


class Kernels:
    """Makes the primitives of one net, which run one after the other and share their scratch memory."""

    def __init__(self, packed: dict[str, Tensor]) -> None:
        """packed: weights in the layouts that kernels want, by step; the same steps made again share them."""
        self._packed = packed
        self._stream = Handle("dnnl_stream_destroy", "dnnl_stream_create", engine(), _IN_ORDER)
        self._scratch = fresh(0)

    def convolution(self, x: Tensor, module: nn.Conv2d, target: Tensor, behind: Behind, name: str) -> Step:
        """x: (n, c, h, w) -> target: (n, c', h', w'); `name`: the step's."""
        weight, bias = module.weight.detach(), None if module.bias is None else module.bias.detach()
        if module.groups > 1:
            weight = weight.reshape(module.groups, -1, *weight.shape[1:])
        dilation, pad = Dims(*(step - 1 for step in module.dilation)), Dims(*map(int, module.padding))
        made = _descriptor_of_primitive(
            "convolution_forward", engine(), _INFERENCE, _DIRECT, *_layouts(x, weight, bias, target),
            Dims(*module.stride), dilation, pad, pad, _attributes(behind),
        )  # fmt: skip
        return self._weighted(made, x, weight, bias, target, behind, name)

    def linear(self, x: Tensor, module: nn.Linear, target: Tensor, behind: Behind, name: str) -> Step:
        """x: (n, f) -> target: (n, f'); `name`: the step's."""
        weight, bias = module.weight.detach().t(), None if module.bias is None else module.bias.detach()[None]
        made = _descriptor_of_primitive("matmul", engine(), *_layouts(x, weight, bias, target), _attributes(behind))
        return self._weighted(made, x, weight, bias, target, behind, name)

    def normalization(self, x: Tensor, norm: FastLocalResponseNorm, target: Tensor) -> Step:
        """x: (n, c, h, w) -> target: the same, across channels."""
        numbers = c_float(norm.alpha), c_float(norm.beta), c_float(norm.k)
        given = _INFERENCE, _ACROSS_CHANNELS, descriptor_of(x), descriptor_of(target), norm.size, *numbers
        made = _descriptor_of_primitive("lrn_forward", engine(), *given, _attributes())
        return self._step(made, {_SOURCE: _memory_of(x), _TARGET: _memory_of(target)})

    def pooling(self, x: Tensor, kind: int, window: Sequence[Sequence[int]], target: Tensor) -> Step:
        """x: (n, c, h, w) -> target: (n, c, h', w'); window: kernel, stride, padding before and behind, (h, w) each."""
        kernel, stride, before, after = (Dims(*sizes) for sizes in window)
        given = descriptor_of(x), descriptor_of(target), stride, kernel, Dims(0, 0), before, after, _attributes()
        made = _descriptor_of_primitive("pooling_forward", engine(), _INFERENCE, kind, *given)
        return self._step(made, {_SOURCE: _memory_of(x), _TARGET: _memory_of(target)})

    def softmax(self, x: Tensor, axis: int, target: Tensor) -> Step:
        """x: any shape -> target: the same, its numbers along an axis a distribution."""
        given = _INFERENCE, _ACCURATE_SOFTMAX, descriptor_of(x), descriptor_of(target), axis, _attributes()
        made = _descriptor_of_primitive("softmax_forward", engine(), *given)
        return self._step(made, {_SOURCE: _memory_of(x), _TARGET: _memory_of(target)})

    def concatenation(self, parts: Sequence[Tensor], axis: int, target: Tensor) -> Step:
        """parts: tensors that agree in all but an axis -> target: one behind the other along it."""
        layouts = [descriptor_of(part) for part in parts]
        sources = (c_void_p * len(parts))(*(layout.value for layout in layouts))
        made = _descriptor_of_primitive(
            "concat", engine(), descriptor_of(target), len(parts), axis, sources, _attributes()
        )
        memories = {_FIRST_OF_SEVERAL + index: _memory_of(part) for index, part in enumerate(parts)}
        return self._step(made, {**memories, _TARGET: _memory_of(target)})

    def entry(self, example: Tensor, target: Tensor) -> Callable[[Tensor], int]:
        """What copies an input that lies in memory as the example does into the target; gives oneDNN's status."""
        source = _memory_of(example)
        step = self._copy(descriptor_of(example), source, descriptor_of(target), _memory_of(target))
        point = load().dnnl_memory_set_data_handle
        return lambda value: point(source, value.data_ptr()) or step()

    def _weighted(
        self, made: Handle, x: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor, behind: Behind, name: str
    ) -> Step:
        layout = load().dnnl_primitive_desc_query_md(made.value, _WEIGHTS_LAYOUT, 0)
        if name not in self._packed:
            self._packed[name] = self._pack(weight, layout)
        memories = {_SOURCE: _memory_of(x), _WEIGHTS: Memory(layout, self._packed[name]), _TARGET: _memory_of(target)}
        if bias is not None:
            memories[_BIAS] = _memory_of(bias.contiguous())
        if behind.activation is not None and behind.activation.slopes is not None:
            memories[_POST_OPERATION * (behind.added + 1) | _WEIGHTS] = _memory_of(behind.activation.slopes)
        return self._step(made, memories)

    def _pack(self, weight: Tensor, layout: int) -> Tensor:
        """The weights in the layout that a kernel wants."""
        packed = fresh(size_of(layout))
        self._copy(descriptor_of(weight), _memory_of(weight), layout, Memory(layout, packed))()
        return packed

    def _copy(self, layout: Handle, source: Memory, wanted: Handle | int, target: Memory) -> Step:
        made = _descriptor_of_primitive("reorder", layout, engine(), wanted, engine(), _attributes())
        return self._step(made, {_SOURCE: source, _TARGET: target})

    def _step(self, made: Handle, memories: dict[int, Memory]) -> Step:
        """The primitive, ready to be run on these memories."""
        layout = load().dnnl_primitive_desc_query_md(made.value, _SCRATCHPAD_LAYOUT, 0)
        if size_of(layout):
            if self._scratch.nbytes < size_of(layout):
                self._scratch = fresh(size_of(layout))
            memories[_SCRATCHPAD] = Memory(layout, self._scratch)
        return _KernelStep.of(Handle("dnnl_primitive_destroy", "dnnl_primitive_create", made), self._stream, memories)


class _KernelStep(partial[int]):
    """A call of a primitive, with all that must live as long; a partial, so that no line of Python runs for a call."""

    _kept: tuple[object, ...]

    @classmethod
    def of(cls, primitive: Handle, stream: Handle, memories: Mapping[int, Handle]) -> _KernelStep:
        """The primitive on these memories."""
        arguments = (_Argument * len(memories))(*(_Argument(place, used.value) for place, used in memories.items()))
        given = c_void_p(primitive.value), c_void_p(stream.value), len(memories), arguments
        step = cls(load().dnnl_primitive_execute, *given)
        step._kept = primitive, stream, memories
        return step


def _memory_of(value: Tensor) -> Memory:
    return Memory(descriptor_of(value), value)


def _layouts(x: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor) -> list[Handle | None]:
    """The descriptions of a layer's tensors; the weights' layout is the kernel's to choose."""
    offset = None if bias is None else any_layout(bias.shape)
    return [descriptor_of(x), any_layout(weight.shape), offset, descriptor_of(target)]


def _attributes(behind: Behind = Behind()) -> Handle:
    """What comes behind a kernel, and that its scratch memory is given to it."""
    operations = Handle("dnnl_post_ops_destroy", "dnnl_post_ops_create")
    if behind.added:
        call("dnnl_post_ops_append_sum", operations, c_float(1), 0, 0)
    activation = behind.activation
    if activation is not None and activation.slopes is not None:
        call("dnnl_post_ops_append_prelu", operations, _BY_CHANNEL if len(activation.slopes) > 1 else 0)
    elif activation is not None:
        given = activation.kind, c_float(activation.alpha), c_float(activation.beta)
        call("dnnl_post_ops_append_eltwise", operations, *given)
    attributes = Handle("dnnl_primitive_attr_destroy", "dnnl_primitive_attr_create")
    call("dnnl_primitive_attr_set_post_ops", attributes, operations)
    call("dnnl_primitive_attr_set_scratchpad_mode", attributes, _SCRATCHPAD_IS_OURS)
    return attributes


def _descriptor_of_primitive(kind: str, *arguments: Any) -> Handle:
    """What oneDNN would run for a primitive.

    Raises:
        RuntimeError: nothing, or nothing but its reference implementation.
    """
    made = Handle("dnnl_primitive_desc_destroy", f"dnnl_{kind}_primitive_desc_create", *arguments)
    said = c_char_p()
    call("dnnl_primitive_desc_query", made, _IMPLEMENTATION, 0, ctypes.byref(said))
    name = (said.value or b"").decode()
    if name.startswith(_SLOW):
        raise RuntimeError(f"oneDNN has no kernel for a {kind.removesuffix('_forward')} of this kind, only {name}")
    return made
