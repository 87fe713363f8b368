"""The byte copy by each of its ways."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from converter.files.copy import copy_blob, copy_range
from converter.files.stream import CHUNK_BYTES, chunk_buffer, chunks
from converter.formats.weights.stored import StoredBlob

DATA = bytes(range(256)) * 5000
WAYS = ("copy_file_range", "sendfile")


def _copy(tmp_path: Path, offset: int, size: int) -> bytes:
    (tmp_path / "in").write_bytes(DATA)
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("w+b", buffering=0) as out:
        out.write(b"head")
        copy_range(source.fileno(), offset, size, out.fileno())
        out.write(b"tail")
    return (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("missing", [(), WAYS[:1], WAYS], ids=["kernel", "sendfile", "memory"])
@pytest.mark.parametrize(("offset", "size"), [(0, len(DATA)), (7, 1_100_003), (100, 0), (len(DATA) - 1, 1)])
def test_a_range_is_appended_by_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], offset: int, size: int
) -> None:
    for name in missing:
        monkeypatch.delattr(os, name)
    assert _copy(tmp_path, offset, size) == b"head" + DATA[offset : offset + size] + b"tail"


def test_a_file_system_that_cannot_is_passed_over_and_a_full_disk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", cannot)
    assert _copy(tmp_path, 3, 1000) == b"head" + DATA[3:1003] + b"tail"
    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(OSError, match="No space left"):
        _copy(tmp_path, 3, 1000)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES // 4, CHUNK_BYTES // 4 + 1, 1_500_000])
@pytest.mark.parametrize("mapped", [True, False])
def test_a_blob_that_is_looked_at_arrives_whole_and_every_number_is_seen_once(
    tmp_path: Path, size: int, mapped: bool
) -> None:
    numbers = np.arange(size, dtype=np.float32)
    (tmp_path / "in").write_bytes(b"123" + numbers.tobytes())
    seen: list[np.ndarray] = []
    with (tmp_path / "in").open("rb", buffering=0) as source, (tmp_path / "out").open("w+b", buffering=0) as out:
        blob = StoredBlob(numbers, offset=3 if mapped else -1)
        copy_blob(source if mapped else None, blob, out, chunk_buffer(), lambda piece: seen.append(piece.copy()))
    assert (tmp_path / "out").read_bytes() == numbers.tobytes()
    assert np.array_equal(np.concatenate([numbers[:0], *seen]), numbers)


def test_a_source_that_ends_early_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="ended while it was copied"):
        _copy(tmp_path, 10, len(DATA))


@pytest.mark.parametrize("out", [0, 5, 2048, 2060, 3072, 4095])
@pytest.mark.parametrize("source", [0, 3, 100, 2047, 4095])
def test_bytes_are_never_moved_by_a_few_within_a_page(tmp_path: Path, source: int, out: int) -> None:
    """Neither from the file into the buffer nor from there on: a shift of 1 to 31 is what some processors do slowly."""
    (tmp_path / "in").write_bytes(bytes(source) + bytes(400))
    with (tmp_path / "in").open("rb", buffering=0) as file:
        blob = StoredBlob(np.zeros(100, np.float32), offset=source)
        (piece,) = chunks(file, blob, chunk_buffer(), out)
    place = piece.ctypes.data
    assert place % 64 == 0
    assert (place - source) % 4096 not in range(1, 32)
    assert (out - place) % 4096 not in range(1, 32)
