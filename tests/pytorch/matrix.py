"""What a converted net goes through in PyTorch: each tool as a function of net and inputs that raises if it fails."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from converter.pytorch.caffe_module import CaffeModule

Inputs = tuple[Tensor, ...]
Outputs = Mapping[str, Tensor]
Axes = tuple[int, ...]

COPY = 1e-5
"""Of copies: the same numbers in memory of another alignment, which BLAS may sum in another order."""


def same(seen: Outputs, wanted: Outputs, tolerance: float = 0.0) -> None:
    """Equal outputs, up to a tolerance relative to each one's largest magnitude."""
    assert list(seen) == list(wanted)
    for name, value in wanted.items():
        assert seen[name].shape == value.shape, name
        scale = float(value.abs().max()) or 1.0 if value.numel() else 1.0
        error = float((seen[name].double() - value.double()).abs().max()) / scale if value.numel() else 0.0
        assert error <= tolerance, f"{name}: off by {error:.1e}"


def deepcopy(net: CaffeModule, inputs: Inputs) -> None:
    copied = copy.deepcopy(net)
    assert isinstance(copied, CaffeModule)
    assert (copied.notes, copied.inputs) == (net.notes, net.inputs)
    same(copied(*inputs), net(*inputs), COPY)
    assert list(copied.blobs(*inputs)) == list(net.blobs(*inputs))


def pickled(net: CaffeModule, inputs: Inputs) -> None:
    back = pickle.loads(pickle.dumps(net))
    assert isinstance(back, CaffeModule)
    same(back(*inputs), net(*inputs), COPY)
    assert list(back.blobs(*inputs)) == list(net.blobs(*inputs))


def torch_save(net: CaffeModule, inputs: Inputs) -> None:
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    same(torch.load(file, weights_only=False)(*inputs), net(*inputs), COPY)


def state_dict(net: CaffeModule, inputs: Inputs) -> None:
    other = copy.deepcopy(net)
    for value in other.state_dict().values():
        value.zero_()
    other.load_state_dict(net.state_dict())
    same(other(*inputs), net(*inputs), COPY)


def counted(graphs: list[torch.fx.GraphModule]) -> Callable[..., object]:
    """A backend that runs graphs as they are and lists them."""

    def backend(graph: torch.fx.GraphModule, _: object) -> Callable[..., object]:
        graphs.append(graph)
        return graph.forward

    return backend


def compiled(net: CaffeModule, inputs: Inputs) -> None:
    """Once for five calls of one size."""
    torch._dynamo.reset()
    graphs: list[torch.fx.GraphModule] = []
    fast = torch.compile(net, fullgraph=True, backend=counted(graphs))
    for _ in range(5):
        same(fast(*inputs), net(*inputs), 1e-6)
    assert len(graphs) == 1, f"compiled {len(graphs)} times"


def compiled_dynamic(net: CaffeModule, inputs: Inputs, axes: Axes = (2, 3)) -> None:
    """Once for five calls of five sizes."""
    torch._dynamo.reset()
    graphs: list[torch.fx.GraphModule] = []
    fast = torch.compile(net, fullgraph=True, backend=counted(graphs))
    for step in range(5):
        given = resized(inputs, axes, step)
        for axis in axes:
            torch._dynamo.mark_dynamic(given[0], axis)
        same(fast(*given), net(*given), 1e-6)
    assert len(graphs) == 1, f"compiled {len(graphs)} times"


def resized(inputs: Inputs, axes: Axes, step: int) -> Inputs:
    """The first input with other sizes, different at each step: a larger batch, or planes of fewer rows and columns."""
    first = inputs[0]
    for number, axis in enumerate(axes):
        size = 2 + step if axis == 0 else first.shape[axis] - (7 - 2 * number) * step
        first = first.repeat(-(-size // first.shape[axis]), *[1] * (first.ndim - 1)) if axis == 0 else first
        first = first.narrow(axis, 0, size)
    return (first.clone(), *inputs[1:])


def exported(net: CaffeModule, inputs: Inputs) -> None:
    torch._dynamo.reset()
    program = torch.export.export(net, inputs, strict=True)
    same(program.module()(*inputs), net(*inputs), 1e-6)


def exported_dynamic(net: CaffeModule, inputs: Inputs, axes: Axes = (2, 3)) -> None:
    torch._dynamo.reset()
    given = resized(inputs, axes, 0)
    shapes = (dict.fromkeys(axes, torch.export.Dim.DYNAMIC), *({} for _ in inputs[1:]))
    program = torch.export.export(net, given, strict=True, dynamic_shapes=shapes)
    for step in (0, 1):
        other = resized(inputs, axes, step)
        same(program.module()(*other), net(*other), 1e-6)


def jit_traced(net: CaffeModule, inputs: Inputs) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(net, inputs, strict=False, check_trace=False)
    same(traced(*inputs), net(*inputs), 1e-6)


def half(net: CaffeModule, inputs: Inputs) -> None:
    same(copy.deepcopy(net).half()(*(x.half() for x in inputs)), net(*inputs), 2e-2)


def double(net: CaffeModule, inputs: Inputs) -> None:
    same(copy.deepcopy(net).double()(*(x.double() for x in inputs)), net(*inputs), 1e-4)


def channels_last(net: CaffeModule, inputs: Inputs) -> None:
    turned = copy.deepcopy(net).to(memory_format=torch.channels_last)
    given = (x.to(memory_format=torch.channels_last) if x.ndim == 4 else x for x in inputs)
    same(turned(*given), net(*inputs), 1e-4)


def replicated(net: CaffeModule, inputs: Inputs) -> None:
    copied = net._replicate_for_data_parallel()
    assert isinstance(copied, CaffeModule)
    same(copied(*inputs), net(*inputs))


def functional(net: CaffeModule, inputs: Inputs) -> None:
    same(
        torch.func.functional_call(net, {**dict(net.named_parameters()), **dict(net.named_buffers())}, inputs),
        net(*inputs),
        1e-6,
    )


def vmapped(net: CaffeModule, inputs: Inputs) -> None:
    stacked = tuple(torch.stack([x, x]) for x in inputs)
    found = torch.func.vmap(net.forward, randomness="different")(*stacked)
    same({name: value[1] for name, value in found.items()}, net(*inputs), 1e-4)


def autocast(net: CaffeModule, inputs: Inputs) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = net(*inputs)
    same({name: value.float() for name, value in found.items()}, net(*inputs), 6e-2)


def averaged(net: CaffeModule, inputs: Inputs) -> None:
    model = torch.optim.swa_utils.AveragedModel(net)
    model.update_parameters(net)
    same(model(*inputs), net(*inputs), COPY)


def quantized(net: CaffeModule, inputs: Inputs) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = torch.ao.quantization.quantize_dynamic(copy.deepcopy(net), {nn.Linear})
    linear = [module for module in net.modules() if type(module) is nn.Linear]
    found = [module for module in small.modules() if type(module).__module__.startswith("torch.ao.nn.quantized")]
    assert len([one for one in found if type(one).__name__ == "Linear"]) == len(linear)
    same(small(*inputs), net(*inputs), 1e-1)


TOOLS: dict[str, Callable[[CaffeModule, Inputs], None]] = {
    "deepcopy": deepcopy,
    "pickle": pickled,
    "torch.save": torch_save,
    "state_dict": state_dict,
    "compile, fullgraph": compiled,
    "export, strict": exported,
    "jit.trace": jit_traced,
    "half": half,
    "double": double,
    "channels_last": channels_last,
    "replicate": replicated,
    "functional_call": functional,
    "vmap": vmapped,
    "autocast": autocast,
    "AveragedModel": averaged,
    "quantize_dynamic": quantized,
}
DYNAMIC: dict[str, Callable[[CaffeModule, Inputs, Axes], None]] = {
    "compile, any size": compiled_dynamic,
    "export, any size": exported_dynamic,
}
