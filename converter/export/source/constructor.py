"""The expression that constructs a module: `nn.Conv2d(3, 64, 3, dilation=2)`.

Torch's modules and those of `converter/modules` keep each argument of their constructor as an attribute of its name (a
parameter or None for a flag such as `bias`), so that the expression can be read off the module.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from converter.errors import OutputError

_TORCH, _OURS = "torch.nn.modules.", "converter.modules."
_MOST_NUMBERS = 64
_BY_POSITION = frozenset({"p", "num_parameters"})
"""Optional first arguments that people write without their names: nn.Dropout(0.5)."""


def is_ours(kind: type) -> bool:
    """Whether a class is one of `converter/modules`."""
    return kind.__module__.startswith(_OURS)


def constructor(module: nn.Module) -> tuple[str, list[str]]:
    """The class as source names it, and the arguments as source.

    Raises:
        OutputError: the module is of another origin, or has an argument that source cannot hold.
    """
    kind = type(module)
    if not is_ours(kind) and not kind.__module__.startswith(_TORCH):
        raise OutputError(f"its module {kind.__qualname__} is neither torch's nor one of converter.modules")
    name = kind.__name__ if is_ours(kind) else f"nn.{kind.__name__}"
    arguments = []
    for parameter in _parameters(kind):
        value = _value(module, parameter.name)
        text = literal(value if is_ours(kind) else _simplify(value))
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            arguments.append(text)
        elif not _is_default(value, parameter.default):
            arguments.append(text if parameter.name in _BY_POSITION else f"{parameter.name}={text}")
    return name, arguments


def _parameters(kind: type) -> Iterator[inspect.Parameter]:
    """What the constructor takes; `*args` stands for what the next class takes."""
    if getattr(kind, "__init__", None) is nn.Module.__init__:
        return
    found = [
        item for name, item in inspect.signature(kind).parameters.items() if name not in {"device", "dtype", "options"}
    ]
    for item in found:
        if item.kind is inspect.Parameter.VAR_POSITIONAL:
            yield from _parameters(next(base for base in kind.__mro__[1:] if base.__module__.startswith(_TORCH)))
        else:
            yield item


def _value(module: nn.Module, name: str) -> Any:
    """An argument's value, read off the module."""
    value = getattr(module, name)
    if name == "bias" and (value is None or isinstance(value, Tensor)):
        return value is not None
    return value


def _is_default(value: Any, default: Any) -> bool:
    """Whether an argument is the default; numbers of a prototxt are float32."""
    if isinstance(value, float) and isinstance(default, float):
        return bool(np.float32(value) == np.float32(default))
    return bool(_simplify(value) == _simplify(default)) and isinstance(value, bool) == isinstance(default, bool)


def _simplify(value: Any) -> Any:
    """Equal numbers for every axis as one number, lists as tuples."""
    if isinstance(value, torch.Size | list | tuple):
        items = tuple(_simplify(item) for item in value)
        numbers = bool(items) and all(type(item) is int for item in items)
        return items[0] if numbers and len(set(items)) == 1 and len(items) > 1 else items
    return value


def literal(value: Any) -> str:
    """A value as source.

    Raises:
        OutputError: source cannot hold it.
    """
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, list | tuple):
        items = ", ".join(literal(item) for item in value)
        if isinstance(value, list):
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, float):
        return _number(value)
    if value is None or isinstance(value, bool | int | str):
        return _quote(value) if isinstance(value, str) else repr(value)
    raise OutputError(f"its argument {value!r:.60} is no number, text or tuple")


def _number(value: float) -> str:
    """The shortest decimal of the same float32, where the value is one: a prototxt's numbers are."""
    if not math.isfinite(value):
        return f'float("{value}")'
    single = np.float32(value)
    return repr(float(str(single))) if float(single) == value else repr(value)


def _tensor(value: Tensor) -> str:
    """A tensor of one value, or of few.

    Raises:
        OutputError: it has more different numbers than source should hold.
    """
    values = sorted(set(value.detach().flatten().tolist()))
    if len(values) == 1:
        return f"torch.full({tuple(value.shape)}, {_number(values[0])})"
    if value.numel() > _MOST_NUMBERS:
        raise OutputError(f"its argument is a tensor of {value.numel()} numbers; source holds up to {_MOST_NUMBERS}")
    return f"torch.tensor({literal(value.tolist())})"


def _quote(text: str) -> str:
    """A string with double quotes, as formatters want it; JSON's escapes are Python's too."""
    return json.dumps(text, ensure_ascii=not text.isprintable())
