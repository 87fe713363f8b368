"""Whether a file is a mean image, told from its first bytes; numpy is not imported, as a conversion has other work."""

from __future__ import annotations

import os
from pathlib import Path

_NUMPY = b"\x93NUMPY"


def is_mean_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a BlobProto by itself (`mean.binaryproto`) or a NumPy array; False where it does not open."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return head.startswith(_NUMPY) or is_blob(head)


def is_blob(head: bytes) -> bool:
    """Whether a protobuf message is a BlobProto, as its first fields tell.

    A BlobProto begins with num and channels (1 and 2, whole numbers), data (5) or shape (7). A NetParameter has texts
    and messages under 1 and 2, flags under 5 and 7; a SolverState has a whole number under 1 and a text under 2.
    """
    if head[:1] == b"\x08":
        end = next((place for place in range(1, len(head)) if head[place] < 0x80), len(head))
        return head[end + 1 : end + 2] == b"\x10"
    return head[:1] in (b"\x2a", b"\x2d", b"\x3a") and any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in head)
