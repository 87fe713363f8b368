"""Values for the places that a template leaves open: `${NAME}`, FlowNet2's `$NAME$` or FlowNet's `$NAME`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reference.errors import TextError

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_OPEN = re.compile(rf"\$(?:\{{(?P<braced>{_NAME})\}}|(?P<plain>{_NAME})\$?)")


def fill_in(text: str, values: Mapping[str, object] | None, path: str) -> str:
    """The text with each `${NAME}` that `values` holds replaced; raises TextError where a name stands nowhere in it."""
    wanted = {name: str(value) for name, value in (values or {}).items()}
    strange = sorted(set(wanted) - {_name(match) for match in _OPEN.finditer(text)})
    if strange:
        raise TextError(f"holds no ${{{strange[0]}}} to put a value for", path=path)
    if any(not value.isprintable() for value in wanted.values()):
        raise TextError("a value for a template must be plain text of one line", path=path)
    return _OPEN.sub(lambda match: wanted.get(_name(match), match.group()), text)


def open_place(text: str, at: int) -> str | None:
    """The name of the open place that begins there, None where none does."""
    match = _OPEN.match(text, at)
    return _name(match) if match else None


def _name(match: re.Match[str]) -> str:
    return match["braced"] or match["plain"]
