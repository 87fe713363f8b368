"""Values for the places that a template of a prototxt leaves open, written `${NAME}`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reference.errors import TextError

_OPEN = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill_in(text: str, values: Mapping[str, object] | None, path: str) -> str:
    """The text with each `${NAME}` that `values` holds replaced; raises TextError where a name stands nowhere in it."""
    wanted = {name: str(value) for name, value in (values or {}).items()}
    strange = sorted(set(wanted) - set(_OPEN.findall(text)))
    if strange:
        raise TextError(f"holds no ${{{strange[0]}}} to put a value for", path=path)
    if any(not value.isprintable() for value in wanted.values()):
        raise TextError("a value for a template must be plain text of one line", path=path)
    return _OPEN.sub(lambda match: wanted.get(match.group(1), match.group()), text)


def open_place(text: str, at: int) -> str | None:
    """The name of the open place that begins there, None where none does."""
    match = _OPEN.match(text, at)
    return match.group(1) if match else None
