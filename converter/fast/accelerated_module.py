"""A net as an fx graph of fast modules that gives the same outputs; for inference only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from converter.errors import ConversionError
from converter.fast import onednn
from converter.fast.compilation import NetCompiler
from converter.fast.convolution.cudnn import settings
from converter.fast.convolution.filter import Place
from converter.fast.heap import keep_freed_memory
from converter.fast.layout import channels_last
from converter.fast.patterns import AcceleratedConvolution, accelerated_graph, graph_of, segment
from converter.fast.program import Program
from converter.fast.quantization import quantized_graph
from converter.fast.replay import Capture, GraphReplay, capture_on_cuda
from converter.pytorch.caffe_module import CaffeModule
from converter.pytorch.inputs import arguments_of


class AcceleratedModule(nn.Module):
    """The outputs of a net, called as the net itself is; parity with the plain net is up to rounding.

    Convolutions take their fastest algorithm (see `convolution.choice`) and the ReLU behind them along, dropout is left
    out, and every blob is freed after its last reader. Inputs may be of any floating type; outputs are float32.

    Attributes:
        net: the module it was made of, in eval mode; its parameters are not to be changed any more.
        input_size: (height, width) of a tile, where the net has one.
        place: the type and the device.
        graph_module: the graph of fast modules.
    """

    def __init__(self, net: nn.Module, place: Place, *, graphs: bool, compiled: bool) -> None:
        super().__init__()
        self.net = net.eval()
        self.place = place
        self.input_size: tuple[int, int] | None = getattr(net, "input_size", None)
        self.graph_module = accelerated_graph(net, place)
        self._inputs = _input_names(self.graph_module)
        self._compiled, self._graphs = compiled, graphs
        self._capture = capture_on_cuda if graphs and place.device.type == "cuda" else None
        self._quantized = False
        self._parts: dict[tuple[str | None, str | None], tuple[str, GraphReplay]] = {}
        self._whole = self._replay(self.graph_module, self._capture or (self._compiler() if graphs else None))

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies and pickles: the net and how it is made fast; what was packed and compiled is made anew.

        Raises:
            ConversionError: the net computes in bytes, whose ranges would be lost.
        """
        if self._quantized:
            raise ConversionError("a net in int8 is not copied: copy the net, and accelerate the copy")
        return _made_again, (self.net, self.place, self._graphs, self._compiled)

    @torch.inference_mode()
    def quantize(self, inputs: Iterable[Tensor]) -> None:
        """Compute in bytes from now on, whose ranges are those that blobs have for these inputs, one for each call."""
        named: Mapping[str, tuple[str | None, str | None]] = getattr(self.net, "segments", {})
        bounds = {name for pair in named.values() for name in pair if name is not None}
        calls = ({k: channels_last(self._to_place(v)) for k, v in self._arguments((x,), {}).items()} for x in inputs)
        self.graph_module = quantized_graph(self.graph_module, calls, bounds)
        self._whole = self._replay(self.graph_module, None)
        self._quantized = True

    def forward(self, *args: Tensor, **inputs: Tensor) -> Any:
        """What the net itself gives: a dict of tensors, or one tensor, float32.

        Raises:
            ShapeError: inputs of a CaffeModule that are missing, unknown or given twice.
            TypeError: the same of another module's.
        """
        program = None if inputs or torch.compiler.is_compiling() else self._program(args)
        if program is None:
            return self._run(self._whole, self._arguments(args, inputs))
        if torch.is_inference_mode_enabled():  # to enter it once more costs as much as all the way here
            return _named(program.run(args))
        with torch.inference_mode():
            return _named(program.run(args))

    def segment(self, name: str) -> Callable[[Tensor], Tensor]:
        """A part of the net by the name that the net's `segments` gives it: takes and gives one tensor, float32.

        Raises:
            AttributeError: the net names no such part.
        """
        named: Mapping[str, tuple[str | None, str | None]] = getattr(self.net, "segments", {})
        if name not in named:
            raise AttributeError(f"{type(self.net).__name__} has no part {name!r}; it has {', '.join(named) or 'none'}")
        bounds = named[name]
        if bounds not in self._parts:
            part = segment(self.graph_module, *bounds)
            self._parts[bounds] = _input_names(part)[0], self._replay(part, self._capture)
        entry, replay = self._parts[bounds]
        return lambda x: self._run(replay, {entry: x})

    def logits(self, x: Tensor) -> Tensor:
        """The output before the softmax, where the net names that part: x (n, c, h, w) -> (n, classes, h', w')."""
        return self.segment("logits")(x)

    def features(self, x: Tensor) -> Tensor:
        """The front end's output, where the net names that part: x (n, c, h, w) -> (n, classes, h', w')."""
        return self.segment("features")(x)

    def _program(self, args: tuple[Any, ...]) -> Program | None:
        """The program for these inputs, where each is a tensor of its type.

        The other way to it takes a tenth of a millisecond or more, of the two that a small net takes.
        """
        shapes = []
        for value in args:
            if type(value) is not Tensor or value.dtype is not torch.float32 or not value.is_cpu:
                return None
            shapes.append(value.shape)
        found = self._whole.ready((self._inputs, tuple(shapes)))
        return found if isinstance(found, Program) else None

    def _arguments(self, args: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Any]:
        """The inputs by the graph's names, which are Python's; a CaffeModule's may be given by Caffe's."""
        if isinstance(self.net, CaffeModule):
            return dict(zip(self._inputs, arguments_of(self.net.facts, args, inputs, None), strict=True))
        return inspect.signature(self.graph_module.forward).bind(*args, **inputs).arguments

    def _replay(self, module: fx.GraphModule, capture: Capture | None) -> GraphReplay:
        if not isinstance(capture, NetCompiler):
            return GraphReplay(_function_of(module), capture, compiled=self._compiled)
        convolutions = [part for part in module.modules() if isinstance(part, AcceleratedConvolution)]

        def unfit() -> str:
            tiled = any(convolution.takes_tiles for convolution in convolutions)
            return "a convolution of this size goes by tiles, which is faster" if tiled else ""

        return GraphReplay(_function_of(module), capture, unfit=unfit)

    def _compiler(self) -> Capture | None:
        """What compiles the net for shapes that come again, on the CPU, where it is one of known layers."""
        made = None if self._compiled else NetCompiler(graph_of(self.net), self.place)
        return None if made is None or made.refusal else made

    @torch.inference_mode()
    def _run(self, part: GraphReplay, inputs: dict[str, Any]) -> Any:
        """A part's outputs, float32, for inputs by its graph's names."""
        with settings(self.place):
            outputs = part({name: self._to_place(value) for name, value in inputs.items()})
        return _named({name: value.float() for name, value in outputs.items()})

    def _to_place(self, value: Any) -> Tensor:
        dtype = torch.float32 if self.place.float32_ends else self.place.dtype
        moved = torch.as_tensor(value).to(self.place.device, dtype)
        return moved if self.place.device.type == "cpu" else channels_last(moved)


def _made_again(net: nn.Module, place: Place, graphs: bool, compiled: bool) -> AcceleratedModule:
    return AcceleratedModule(net, place, graphs=graphs, compiled=compiled)


def _named(outputs: dict[str, Tensor]) -> Any:
    """The outputs, or the only one where it has no name."""
    return outputs.get("", outputs)


def _function_of(module: fx.GraphModule) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    """A graph as a function of named tensors; one that gives a single tensor names it ""."""

    def run(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        output = module(**{name: channels_last(value) for name, value in inputs.items()})
        return output if isinstance(output, dict) else {"": output}

    return run


def _input_names(module: fx.GraphModule) -> tuple[str, ...]:
    return tuple(str(node.target) for node in module.graph.nodes if node.op == "placeholder")


def accelerate(
    net: nn.Module,
    *,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    tf32: bool = False,
    compiled: bool = False,
    float32_ends: bool = False,
    calibration: Iterable[Tensor] = (),
    graphs: bool = True,
) -> AcceleratedModule:
    """A net made fast for inference on a device; the net's own parameters stay where they are.

    Nothing is packed before the first call, so this returns at once. The first call on CUDA tries out the algorithms of
    each convolution; a shape's second call captures a CUDA graph. On the CPU a net of known layers in float32, of up to
    1 GB, is compiled at a shape's second call, in a second or so, unless its convolutions are large enough for tiles:
    to a list of oneDNN's kernels where the extra [onednn] is installed, else by torch's oneDNN Graph. What it gives
    from then on differs by rounding. One beyond 256 MB is compiled for its first such shape alone, since weights are
    laid out anew for each. On AMD's processors a tenth less time is taken
    where `converter.process_settings.apply_process_settings()` was called before numpy and torch were imported, as
    `predict` does.

    Args:
        net: a CaffeModule, a DilatedNet, or any module that torch.fx traces.
        dtype: float32, bfloat16, (on CUDA) float16, or (on the CPU) int8: convolutions of bytes, all else in float32.
        device: where it runs.
        tf32: let CUDA round the factors of float32 products to TF32.
        float32_ends: in a short type, compute the first convolution, the last one and what follows in float32: the
            input and the logits, whose near ties decide labels, are not rounded.
        calibration: for int8: inputs like those to come, such as ten images; they are run, and the ranges that blobs
            have for them are those of the bytes.
        graphs: capture or compile a net for shapes that come again; False: the same steps for every call.
        compiled: hand shapes that come again to torch's compiler, which takes a minute for each.
    """
    if dtype == torch.int8:
        return _quantized(net, torch.device(device), list(calibration))
    place = Place(dtype, torch.device(device), tf32, float32_ends)
    if place.device.type == "cpu":
        keep_freed_memory()
    return AcceleratedModule(net, place, graphs=graphs, compiled=compiled)


def _quantized(net: nn.Module, device: torch.device, calibration: list[Tensor]) -> AcceleratedModule:
    """The net in bytes.

    Raises:
        ConversionError: nothing to calibrate with, another device than the CPU, no oneDNN, a processor without VNNI.
    """
    if not calibration:
        raise ConversionError("int8 takes its ranges from inputs; give some: calibration=[image, ...]")
    if device.type != "cpu" or not onednn.has_quantized():
        what = "this torch or this processor lacks it" if device.type == "cpu" else f"device {device}"
        raise ConversionError(f"int8 is for the CPU, by oneDNN with VNNI; {what}: use dtype=torch.bfloat16")
    fast = AcceleratedModule(net, Place(torch.float32, device), graphs=False, compiled=False)
    fast.quantize(calibration)
    return fast
