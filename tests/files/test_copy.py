"""Blobs' bytes from file to file: every byte in its place, errors told, and suspicious numbers noticed."""

import errno
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from converter.files import copy
from converter.files.copy import COPY_BYTES, copy_blobs
from converter.files.mapping import Mapped
from converter.formats.weights.stored import StoredBlob, blob_in_file

DATA = np.arange(1 << 20, dtype="<u4").tobytes()
"""Each number once, below 2^22: as floats all are tiny, and a piece in the wrong place shows."""

HEAD = b"head" * 3


def blob(data: bytes, start: int, count: int, number_type: str = "<f4") -> StoredBlob:
    return blob_in_file(Mapped("", data, len(data)), number_type, start, (count,))


def copied(folder: Path, blobs: list[StoredBlob], data: bytes = DATA, **options: int) -> tuple[bytes, bool]:
    """What the file holds after its head, and what the copy said of the numbers."""
    (folder / "in").write_bytes(data)
    with (folder / "out").open("w+b", buffering=0) as out:
        out.write(HEAD)
        suspect = copy_blobs(folder / "in", blobs, out.fileno(), len(HEAD), **options)
        assert out.tell() == len(HEAD)
    written = (folder / "out").read_bytes()
    assert written[: len(HEAD)] == HEAD
    return written[len(HEAD) :], suspect


@pytest.mark.parametrize("at_once", [COPY_BYTES, 4096, 64])
def test_blobs_follow_one_another_wherever_they_lay(tmp_path: Path, monkeypatch, at_once: int) -> None:
    monkeypatch.setattr(copy, "COPY_BYTES", at_once)
    places = [(4 * 70_000, 2000), (7, 5), (100, 0), (12, 30_000), (len(DATA) - 4, 1), (8, 1)]
    blobs = [blob(DATA, start, count) for start, count in places]
    expected = b"".join(DATA[start : start + 4 * count] for start, count in places)
    assert copied(tmp_path, blobs)[0] == expected


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_blobs_longer_than_a_part_arrive_whole(tmp_path: Path, threads: int) -> None:
    assert len(DATA) > 3 * COPY_BYTES
    assert copied(tmp_path, [blob(DATA, 0, len(DATA) // 4)], threads=threads) == (DATA, False)


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_blobs_in_memory_are_written_too_and_are_suspect(tmp_path: Path, size: int) -> None:
    numbers = np.arange(2 * size, dtype=np.float32).reshape(2, size).T  # not in one run
    written, suspect = copied(tmp_path, [blob(DATA, 4, 3), StoredBlob(numbers), blob(DATA, 8, 2)])
    assert written == DATA[4:16] + numbers.tobytes() + DATA[8:16]
    assert suspect


@pytest.mark.parametrize("count", [1, 7])
def test_what_the_system_does_not_take_or_give_at_once_comes_after(tmp_path: Path, monkeypatch, count: int) -> None:
    pread, pwrite = os.preadv, os.pwrite
    monkeypatch.setattr(os, "preadv", lambda source, parts, place: pread(source, [parts[0][:count]], place))
    monkeypatch.setattr(os, "pwrite", lambda out, part, place: pwrite(out, bytes(part[:count]), place))
    assert copied(tmp_path, [blob(DATA, 3, 250), blob(DATA, 50, 30)])[0] == DATA[3:1003] + DATA[50:170]


@pytest.mark.parametrize("call", ["preadv", "pwrite"])
def test_an_error_of_the_system_is_raised_and_both_threads_end(tmp_path: Path, monkeypatch, call: str) -> None:
    def fails(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(OSError, match="No space left"):
        copied(tmp_path, [blob(DATA, 0, len(DATA) // 4)])
    assert not [thread for thread in threading.enumerate() if thread.name == "copy"]


def test_whatever_a_thread_meets_is_raised_for_its_part_is_missing(tmp_path: Path, monkeypatch) -> None:
    preadv, main = os.preadv, threading.main_thread()

    def fails(source: int, parts: list[memoryview], place: int) -> int:
        if threading.current_thread() is not main:
            raise MemoryError
        time.sleep(0.01)
        return preadv(source, parts, place)

    monkeypatch.setattr(os, "preadv", fails)
    with pytest.raises(MemoryError):
        copied(tmp_path, [blob(DATA, 0, len(DATA) // 4)])


def test_a_source_that_ends_early_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the source ended while it was copied"):
        copied(tmp_path, [blob(DATA, 10, len(DATA) // 4)])


def test_an_interrupted_copy_has_stopped_when_the_interruption_goes_on(tmp_path: Path, monkeypatch) -> None:
    """The descriptor may be closed then: nobody must write into whatever gets its number next."""
    pwrite, main = os.pwrite, threading.main_thread()

    def interrupted(out: int, part: memoryview, place: int) -> int:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        return pwrite(out, part, place)

    monkeypatch.setattr(copy, "COPY_BYTES", 4096)
    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        copied(tmp_path, [blob(DATA, 0, len(DATA) // 4)])
    assert not [thread for thread in threading.enumerate() if thread.name == "copy"]


@pytest.mark.parametrize("number_type", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 4095, 4096, 9999])
def test_no_number_that_is_not_finite_passes_unseen(tmp_path, monkeypatch, number_type, value, place) -> None:
    numbers = np.ones(10_000, number_type)  # no byte of which is a highest byte of NaN or infinity
    monkeypatch.setattr(copy, "COPY_BYTES", 4096)
    data = b"123" + numbers.tobytes()
    assert copied(tmp_path, [blob(data, 3, 10_000, number_type)], data) == (numbers.tobytes(), False)
    numbers[place] = value
    data = b"123" + numbers.tobytes()
    assert copied(tmp_path, [blob(data, 3, 10_000, number_type)], data) == (numbers.tobytes(), True)


@pytest.mark.parametrize("number_type", ["<f2", "<f4", "<f8"])
def test_every_bit_pattern_of_a_number_that_is_not_finite_is_suspect(tmp_path, number_type) -> None:
    """IEEE 754: all bits of the exponent are ones, whatever sign and fraction are; here every highest byte in turn."""
    width, exponents = int(number_type[2:]), {"<f2": 5, "<f4": 8, "<f8": 11}[number_type]
    ones = ((1 << exponents) - 1) << (8 * width - 1 - exponents)
    for highest in range(256):
        for rest in (0, (1 << (8 * width - 8)) - 1):
            bits = highest << (8 * width - 8) | rest
            if bits & ones == ones:
                data = bits.to_bytes(width, "little")
                assert not np.isfinite(np.frombuffer(data, number_type)[0])
                assert copied(tmp_path, [blob(data, 0, 1, number_type)], data)[1]


@pytest.mark.parametrize(("number_type", "largest"), [("<f2", 32767.0), ("<f4", 1.6e38), ("<f8", 1e300)])
def test_ordinary_numbers_are_not_suspect(tmp_path, number_type, largest) -> None:
    data = np.array([0.0, -0.0, 1.0, -1.5, largest, -largest, 1e-7], number_type).tobytes()
    assert not copied(tmp_path, [blob(data, 0, 7, number_type)], data)[1]


@pytest.mark.parametrize("out", [0, 5, 2048, 2060, 3072, 4095])
@pytest.mark.parametrize("source", [0, 3, 100, 2047, 4095])
def test_bytes_are_never_moved_by_a_few_within_a_page(tmp_path: Path, monkeypatch, source: int, out: int) -> None:
    """Neither from the file into the buffer nor from there on: a shift of 1 to 31 is what some processors do slowly."""
    places: list[int] = []

    def pwrite(_out: int, part: memoryview, _place: int) -> int:
        places.append(np.frombuffer(part, np.uint8).ctypes.data)
        return len(part)

    monkeypatch.setattr(os, "pwrite", pwrite)
    (tmp_path / "in").write_bytes(DATA)
    copy_blobs(tmp_path / "in", [blob(DATA, source, 100)], -1, out)
    assert places[0] % 64 == 0
    assert (places[0] - source) % 4096 not in range(1, 32)
    assert (out - places[0]) % 4096 not in range(1, 32)
