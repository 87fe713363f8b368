"""Templates of prototxt: `${NUM_LABELS}`, FlowNet2's `$WIDTH$` or FlowNet's `$WIDTH`, replaced before parsing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from converter.errors import PrototxtError

Values: TypeAlias = Mapping[str, str | int | float]

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)\$|\$([A-Za-z_]\w*)", re.ASCII)


@dataclass(slots=True)
class _Given:
    """The values of a block, and whether a net has been read with them."""

    values: Values
    checked: bool = False


_given: ContextVar[_Given | None] = ContextVar("values of templates", default=None)


@contextmanager
def template_values(values: Values | None) -> Iterator[None]:
    """Within the block, `${NAME}` in every prototxt that is read stands for `values[NAME]`; None leaves all as it is.

    The first net that is read must hold every name, or `fill_template` raises.
    """
    token = _given.set(_Given(values) if values else _given.get())
    try:
        yield
    finally:
        _given.reset(token)


def fill_template(text: str, path: str, *, net: bool = True) -> str:
    """The text with the block's values in place of `${NAME}`; lines stay where they are.

    Args:
        text: of a prototxt.
        path: for errors.
        net: whether the text is a net, which has to hold the names.

    Raises:
        PrototxtError: the net does not hold a name that a value is given for, or the value has more than one line.
    """
    given = _given.get()
    if given is None:
        return text
    if net and not given.checked:
        _check_names(given.values, text, path)
        given.checked = True
    return PLACEHOLDER.sub(lambda match: str(given.values.get(name_of(match), match[0])), text)


def name_of(match: re.Match[str]) -> str:
    """The name between a placeholder's marks."""
    return match[1] or match[2] or match[3]


def open_names(text: str) -> list[str]:
    """The names of a template's open places, each once, in order."""
    return list(dict.fromkeys(name_of(match) for match in PLACEHOLDER.finditer(text)))


def _check_names(values: Values, text: str, path: str) -> None:
    """Refuse values that the text has no place for, and values that would move its lines."""
    known = open_names(text)
    for name, value in values.items():
        if not str(value).isprintable():
            raise PrototxtError(f"the value of {name!r} holds more than one line of text; give a plain one", path=path)
        if name not in known:
            import difflib  # for the error alone

            near = difflib.get_close_matches(name, known, n=3) or known[:8]
            has = f"it has {', '.join(f'${{{other}}}' for other in near)}" if near else "it leaves no place open"
            raise PrototxtError(f"no ${{{name}}} stands in it, which --set {name}= gives a value; {has}", path=path)
