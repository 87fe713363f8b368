"""JSON that a file holds, read with one kind of error: what is no JSON, and what is nested too deeply, alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def parse_json(text: str | bytes, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The values.

    Raises:
        ValueError: no JSON, no text, or nested more deeply than Python's reader goes.
    """
    try:
        return json.loads(text, object_pairs_hook=object_pairs_hook)
    except RecursionError:
        raise ValueError("nested too deeply") from None
