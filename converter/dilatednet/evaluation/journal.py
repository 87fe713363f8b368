"""The folder in which an evaluation keeps its finished images, so that an interrupted one goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from converter.dilatednet.evaluation.metrics import Matrix
from converter.errors import OutputError
from converter.files.folder_record import claim_folder
from converter.files.json_text import parse_json

_LINES = "images-*.jsonl"


def forget(folder: str | os.PathLike[str]) -> None:
    """Delete the finished images that a folder keeps, so that an evaluation begins afresh."""
    for path in Path(folder).glob(_LINES):
        path.unlink()


class Journal:
    """Confusion counts image by image, one JSON line each, in a file for every process.

    A line is written whole or, if the process dies in the middle, torn: such a line is no finished image.

    Args:
        folder: made where it is missing.
        about: what is run; a folder begun with something else is refused.
        rank: which of several processes this is.

    Raises:
        OutputError: the folder holds another evaluation, or cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str], about: Mapping[str, Any], rank: int = 0) -> None:
        self._folder = Path(folder)
        self._classes = int(about["classes"])
        claim_folder(self._folder, "finished images", about, leftovers=any(self._folder.glob(_LINES)))
        try:
            self._file = self._open(self._folder / f"images-{rank}.jsonl")
        except OSError as error:
            raise OutputError(f"cannot keep finished images: {error.strerror}", path=str(folder)) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # every line was flushed, or the error was told
            self._file.close()

    @staticmethod
    def _open(path: Path) -> TextIO:
        """The file to append to; a torn last line is ended, so that it spoils no new one."""
        file = path.open("a+", encoding="utf-8")
        size = file.seek(0, os.SEEK_END)
        if size:
            with path.open("rb") as read:
                read.seek(-1, os.SEEK_END)
                torn = read.read(1) != b"\n"
            if torn:
                file.write("\n")
        return file

    def add(self, name: str, matrix: Matrix, files: str = "") -> None:
        """Keep one image's counts (classes, classes); they are in the file when this returns.

        `files` is a digest of what they were counted from.

        Raises:
            OutputError: the disk is full.
        """
        cells = [[int(t), int(p), int(matrix[t, p])] for t, p in np.argwhere(matrix)]
        try:
            self._file.write(json.dumps({"image": name, "files": files, "counts": cells}) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"cannot keep {name}: {error.strerror}", path=str(self._folder)) from error

    def read_all(self, digest: Callable[[str], str] | None = None) -> dict[str, Matrix]:
        """Confusion matrices int64 (classes, classes) of the finished images of every process, by name.

        `digest` gives that of an image's files as they are now: one counted from others is not finished.
        """
        found: dict[str, Matrix] = {}
        for path in sorted(self._folder.glob(_LINES)):
            for line in path.read_bytes().splitlines():
                entry = self._entry(line)
                if entry and (digest is None or digest(entry[0]) == entry[1]):
                    found[entry[0]] = entry[2]
        return found

    def _entry(self, line: bytes) -> tuple[str, str, Matrix] | None:
        """One line's image, digest of its files, and counts; None if it is torn."""
        matrix = np.zeros((self._classes, self._classes), np.int64)
        try:
            entry = parse_json(line)
            for t, p, count in entry["counts"]:
                matrix[t, p] = count
            return str(entry["image"]), str(entry["files"]), matrix
        except (ValueError, TypeError, KeyError, IndexError, OverflowError):
            return None
