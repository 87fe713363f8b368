"""The formats of a batch, where each one's files go, and whether they are still what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from converter.errors import OutputError
from converter.files.folder_record import file_digest

FORMATS = ("safetensors", "pth", "npz", "h5", "caffemodel", "onnx", "pt2", "py", "folder")
"""In the order in which they are written: py, whose weights lie beside it as .safetensors, after safetensors."""


def check_formats(formats: Sequence[str]) -> list[str]:
    """The formats in the order in which they are written, each once.

    Raises:
        OutputError: one is unknown, or there are none.
    """
    unknown = [form for form in formats if form not in FORMATS]
    if unknown or not formats:
        seen = ", ".join(map(repr, unknown)) or "none"
        raise OutputError(f"no such format: {seen}; name any of {', '.join(FORMATS)}, with commas between them")
    return [form for form in FORMATS if form in formats]


def target_of(name: str, form: str) -> str:
    """The path of a net's file, or folder, below the output folder."""
    return name if form == "folder" else f"{name}.{form}"


def written_files(out: Path, name: str, form: str) -> dict[str, str]:
    """SHA-256 of what was written in a format, by path below `out`: the file, and what lies beside it for it."""
    target = out / target_of(name, form)
    if form == "folder":
        files = sorted(path for path in target.iterdir() if path.is_file())
    else:
        beside = {"py": [out / f"{name}.safetensors"], "onnx": [out / f"{name}.onnx.data"]}.get(form, [])
        files = [target, *(path for path in beside if path.exists())]
    return {path.relative_to(out).as_posix(): file_digest(path) for path in files}


def intact(out: Path, files: Mapping[str, str]) -> bool:
    """Whether all these files are there as they were written."""
    return all((out / name).is_file() and file_digest(out / name) == digest for name, digest in files.items())
