"""Factors and offsets per channel folded into the convolution before them: BatchNorm and Scale cost nothing more."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, fx, nn

from converter.modules.affine_batch_norm import AffineBatchNorm2d
from converter.modules.combine import Scale
from converter.modules.normalization import CaffeBatchNorm2d, ScaledBatchNorm2d

_NORMALIZATIONS = {nn.BatchNorm2d, CaffeBatchNorm2d, AffineBatchNorm2d, ScaledBatchNorm2d}

Affine = tuple[Tensor, Tensor]
"""Factor and offset of every channel, (c,) float64 each."""


def fold_affine(source: fx.GraphModule) -> fx.GraphModule:
    """The graph with every BatchNorm and Scale in its convolution that alone reads it; the net itself stays as it is.

    What is left unfolded: one that looks at the batch's own statistics, or that the convolution's other readers want
    to come before it.
    """
    chains = {node: chain for node in source.graph.nodes if (chain := _chain(source, node))}
    if not chains:
        return source
    root, graph = nn.Module(), fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    for node in source.graph.nodes:
        if any(node in chain for chain in chains.values()):
            values[node] = values[node.args[0]]
            continue
        values[node] = graph.node_copy(node, values.__getitem__)
        set_target(root, node, source, _fold(source, node, chains[node]) if node in chains else None)
    return fx.GraphModule(root, graph)


def channel_affine(module: nn.Module) -> Affine | None:
    """What a module does to each channel (axis 1) in evaluation, if that is a factor and an offset; else None."""
    if type(module) is Scale and module.weight.ndim == 1 and module.dim == 1:
        weight = module.weight.detach().double()
        return weight, torch.zeros_like(weight) if module.bias is None else module.bias.detach().double()
    if type(module) in _NORMALIZATIONS and _has_fixed_statistics(module):
        assert isinstance(module, nn.BatchNorm2d)
        assert module.running_mean is not None
        assert module.running_var is not None
        factor = (module.running_var.double() + module.eps).rsqrt()
        if module.weight is not None:
            factor = factor * module.weight.detach().double().flatten()
        bias = 0.0 if module.bias is None else module.bias.detach().double().flatten()
        return factor, bias - module.running_mean.double() * factor
    return None


def _has_fixed_statistics(module: nn.Module) -> bool:
    """Whether a normalization takes its stored statistics in evaluation, rather than the batch's."""
    if isinstance(module, ScaledBatchNorm2d):
        return module.frozen or module.averages
    if isinstance(module, AffineBatchNorm2d):
        return True
    if isinstance(module, CaffeBatchNorm2d):
        return module.use_global_stats is not False
    return getattr(module, "running_mean", None) is not None


def _chain(source: fx.GraphModule, node: fx.Node) -> list[fx.Node]:
    """The affine modules behind a convolution, each the only reader of what comes before it."""
    found: list[fx.Node] = []
    if node.op != "call_module" or type(source.get_submodule(str(node.target))) is not nn.Conv2d:
        return found
    while len(node.users) == 1:
        node = next(iter(node.users))
        if node.op != "call_module" or channel_affine(source.get_submodule(str(node.target))) is None:
            break
        found.append(node)
    return found


def _fold(source: fx.GraphModule, node: fx.Node, chain: list[fx.Node]) -> nn.Conv2d:
    """A convolution of its own that does what follows too: computed in float64, rounded once."""
    module = source.get_submodule(str(node.target))
    assert isinstance(module, nn.Conv2d)
    factor = torch.ones(module.out_channels, dtype=torch.float64, device=module.weight.device)
    offset = torch.zeros_like(factor) if module.bias is None else module.bias.detach().double()
    for node in chain:
        affine = channel_affine(source.get_submodule(str(node.target)))
        assert affine is not None
        factor, offset = factor * affine[0], offset * affine[0] + affine[1]
    weight = module.weight.detach().double() * factor[:, None, None, None]
    return with_numbers(module, weight.to(module.weight.dtype), offset.to(module.weight.dtype))


def with_numbers(convolution: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """A convolution of the same settings with numbers of its own, (c_out, c_in / groups, k, k) and (c_out,)."""
    made = copy.copy(convolution)  # shares its settings; its parameters are replaced, not written to
    made._parameters = dict(convolution._parameters)
    made.in_channels = weight.shape[1] * convolution.groups
    made.weight = nn.Parameter(weight, requires_grad=False)
    made.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
    return made


def set_target(root: nn.Module, node: fx.Node, source: fx.GraphModule, module: nn.Module | None = None) -> None:
    """Put what a node calls or reads at its place of another tree: `module`, or what the source has there."""
    target = str(node.target)
    if node.op == "call_module":
        set_submodule(root, target, source.get_submodule(target) if module is None else module)
    elif node.op == "get_attr":
        set_tensor(root, target, source)


def set_submodule(root: nn.Module, target: str, module: nn.Module) -> None:
    """Put a module at a dotted place of a tree that grows as needed."""
    path, _, name = target.rpartition(".")
    _holder(root, path)._modules[name] = module


def set_tensor(root: nn.Module, target: str, source: nn.Module) -> None:
    """Put a parameter or buffer of `source` at the same dotted place."""
    path, _, name = target.rpartition(".")
    holder, held = _holder(root, path), source.get_submodule(path)
    kind = "_parameters" if name in held._parameters else "_buffers"
    getattr(holder, kind)[name] = getattr(held, kind)[name]


def _holder(root: nn.Module, path: str) -> nn.Module:
    for part in filter(None, path.split(".")):
        root = root._modules.setdefault(part, nn.Module())  # type: ignore[assignment]
    return root
