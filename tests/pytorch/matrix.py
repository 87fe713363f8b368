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
    same(copied(*inputs), net(*inputs))
    assert list(copied.blobs(*inputs)) == list(net.blobs(*inputs))


def pickled(net: CaffeModule, inputs: Inputs) -> None:
    back = pickle.loads(pickle.dumps(net))
    assert isinstance(back, CaffeModule)
    same(back(*inputs), net(*inputs))
    assert list(back.blobs(*inputs)) == list(net.blobs(*inputs))


def torch_save(net: CaffeModule, inputs: Inputs) -> None:
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    same(torch.load(file, weights_only=False)(*inputs), net(*inputs))


def state_dict(net: CaffeModule, inputs: Inputs) -> None:
    other = copy.deepcopy(net)
    for value in other.state_dict().values():
        value.zero_()
    other.load_state_dict(net.state_dict())
    same(other(*inputs), net(*inputs))


def compiled(net: CaffeModule, inputs: Inputs) -> None:
    torch._dynamo.reset()
    frames = []

    def backend(graph: torch.fx.GraphModule, _: object) -> Callable[..., object]:
        frames.append(graph)
        return graph.forward

    fast = torch.compile(net, fullgraph=True, backend=backend)
    for _ in range(5):
        same(fast(*inputs), net(*inputs), 1e-6)
    assert len(frames) == 1, f"compiled {len(frames)} times"


def exported(net: CaffeModule, inputs: Inputs) -> None:
    torch._dynamo.reset()
    program = torch.export.export(net, inputs, strict=True)
    same(program.module()(*inputs), net(*inputs), 1e-6)


def exported_dynamic(net: CaffeModule, inputs: Inputs) -> None:
    torch._dynamo.reset()
    high, wide = (
        torch.export.Dim("high", min=inputs[0].shape[2] - 40),
        torch.export.Dim("wide", min=inputs[0].shape[3] - 40),
    )
    shapes = ({2: high, 3: wide},)
    program = torch.export.export(net, inputs, strict=True, dynamic_shapes=shapes)
    for less in ((0, 0), (7, 2)):
        other = inputs[0][..., less[0] :, less[1] :].contiguous()
        same(program.module()(other), net(other), 1e-6)


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
    same(model(*inputs), net(*inputs), 1e-6)


def quantized(net: CaffeModule, inputs: Inputs) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = torch.ao.quantization.quantize_dynamic(copy.deepcopy(net), {nn.Linear})
    linear = [module for module in net.modules() if type(module) is nn.Linear]
    found = [module for module in small.modules() if type(module).__module__.startswith("torch.ao.nn.quantized")]
    assert len([one for one in found if type(one).__name__ == "Linear"]) == len(linear)
    same(small(*inputs), net(*inputs), 5e-2)


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
DYNAMIC = "export, any size"
