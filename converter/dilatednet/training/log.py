"""A run's records: one JSON object a line, and TensorBoard's files where that package is installed."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from converter.errors import OutputError
from converter.files.atomic import atomic_write
from converter.files.json_text import parse_json

LOG = "log.jsonl"
_NUMBERS = ("loss", "rate", "val_loss", "val_mean_iou")


def is_told(iteration: int, iterations: int) -> bool:
    """Whether people are told of an update where no bar shows them: 1, 10, 100, every twentieth part."""
    return iteration in (1, 10, 100, iterations) or iteration % max(1, iterations // 20) == 0


class RunLog:
    """Appends to `log.jsonl` in a run's folder; lines past `iteration` (of a run that was killed) are taken out first.

    Lines hold `iteration`, `loss`, `rate`, `seconds` and the like; each is flushed, so a kill loses none. What cannot
    be written raises OutputError.
    """

    def __init__(self, folder: Path, iteration: int = 0) -> None:
        self.path = folder / LOG
        try:
            _truncate(self.path, iteration)
            self._file = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}; check the folder", path=str(self.path)) from error
        self._board = _tensorboard(folder, iteration)

    def write(self, **values: Any) -> None:
        """One line; numbers go to TensorBoard too, at the line's `iteration`."""
        try:
            self._file.write(json.dumps(values) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}; make room", path=str(self.path)) from error
        if self._board is not None:
            for name in (name for name in _NUMBERS if name in values):
                self._board.add_scalar(name, values[name], values["iteration"])

    def close(self) -> None:
        """Nothing is written after this."""
        self._file.close()
        if self._board is not None:
            self._board.close()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _truncate(path: Path, iteration: int) -> None:
    """Keep the whole lines up to `iteration`."""
    if not path.exists():
        return
    kept = [line for line in path.read_bytes().splitlines(keepends=True) if _is_before(line, iteration)]
    with atomic_write(path) as file:
        file.writelines(kept)


def _is_before(line: bytes, iteration: int) -> bool:
    try:
        values = parse_json(line)
    except ValueError:
        return False
    number = values.get("iteration", 0) if isinstance(values, dict) else None
    return line.endswith(b"\n") and isinstance(number, int) and number <= iteration


def _tensorboard(folder: Path, iteration: int) -> Any:
    """TensorBoard's writer, or None where the package is not there."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=iteration + 1)
