"""What was run: files with their hashes, versions, device; so that a report can be checked by running it again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from converter import __version__
from converter.errors import ConversionError


def file_facts(kind: str, path: str) -> tuple[str, str]:
    """A file's row: its name, size and SHA-256.

    Raises:
        ConversionError: it cannot be read any more.
    """
    try:
        with Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise ConversionError(f"cannot be read: {error.strerror}; it was there before the run", path=path) from error
    return kind, f"{Path(path).name}, {size:,} bytes, sha256 {digest}"


def machine_facts(device: str) -> Iterator[tuple[str, str]]:
    """Rows for the programs and the device."""
    yield "dilatednet", __version__
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "NumPy, torch", f"{np.__version__}, {torch.__version__}"
    yield "device", f"{device}: {_device_name(device)}"


def _device_name(device: str) -> str:
    if device.startswith("cuda") and torch.cuda.is_available():
        return str(torch.cuda.get_device_name(device))
    count = torch.get_num_threads()
    return f"{count} thread{'' if count == 1 else 's'}"
