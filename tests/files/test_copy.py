"""The byte copy where the system takes or gives fewer bytes than it was asked for, and the sum over a file's bytes."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from converter.errors import CaffemodelError
from converter.files import digest
from converter.files.copy import copy_range
from converter.files.digest import Digest

DATA = bytes(range(251)) * 40
"""10040 bytes, of a period that is no power of two: a piece in the wrong place shows."""


def copied(folder: Path, offset: int, size: int) -> bytes:
    (folder / "in").write_bytes(DATA)
    with (folder / "in").open("rb") as source, (folder / "out").open("w+b", buffering=0) as out:
        copy_range(source.fileno(), offset, size, out.fileno())
    return (folder / "out").read_bytes()


def without_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("copy_file_range", "sendfile"):
        monkeypatch.delattr(os, name, raising=False)


def test_what_the_system_does_not_write_at_once_is_written_after(tmp_path: Path, monkeypatch) -> None:
    """A pipe or a nearly full disk takes some of the bytes: here 7 at a time."""
    write = os.write
    without_kernel(monkeypatch)
    monkeypatch.setattr(os, "write", lambda out, data: write(out, bytes(data[:7])))
    assert copied(tmp_path, 3, 1000) == DATA[3:1003]


def test_what_the_system_does_not_read_at_once_is_read_after(tmp_path: Path, monkeypatch) -> None:
    pread = os.pread
    without_kernel(monkeypatch)
    monkeypatch.setattr(os, "pread", lambda source, count, offset: pread(source, min(count, 300), offset))
    assert copied(tmp_path, 5, 1000) == DATA[5:1005]


@pytest.mark.parametrize("way", ["copy_file_range", "sendfile"])
def test_what_the_kernel_does_not_copy_at_once_is_copied_after(tmp_path: Path, monkeypatch, way: str) -> None:
    """Linux copies at most 2 GiB a call, and less where it likes: here 300 bytes."""
    calls = []

    def some(first: int, second: int, third: int, fourth: int) -> int:
        source, out, count, offset = (
            (first, second, third, fourth) if way == "copy_file_range" else (second, first, fourth, third)
        )
        calls.append(count)
        return os.write(out, os.pread(source, min(count, 300), offset))

    without_kernel(monkeypatch)
    monkeypatch.setattr(os, way, some, raising=False)
    assert copied(tmp_path, 5, 1000) == DATA[5:1005]
    assert calls == [1000, 700, 400, 100]


def test_a_way_that_fails_midway_is_gone_on_from_where_it_came(tmp_path: Path, monkeypatch) -> None:
    calls = []

    def once(source: int, out: int, count: int, offset: int) -> int:
        calls.append(offset)
        if len(calls) > 1:
            raise OSError(errno.EOPNOTSUPP, "not here")
        return os.write(out, os.pread(source, 100, offset))

    monkeypatch.setattr(os, "copy_file_range", once)
    assert copied(tmp_path, 5, 1000) == DATA[5:1005]
    assert calls == [5, 105]


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 3 * 4096, 10040])
def test_a_digest_is_sha256_whatever_the_windows(tmp_path: Path, monkeypatch, size: int) -> None:
    """Windows of one page: the file is whole pages, one byte more, or less than one."""
    (tmp_path / "file").write_bytes(DATA[:size] + bytes(max(0, size - len(DATA))))
    monkeypatch.setattr(digest, "_AT_ONCE", 4096)
    found = Digest(tmp_path / "file").hexdigest()
    assert found == hashlib.sha256((tmp_path / "file").read_bytes()).hexdigest()


def test_a_digest_of_nothing_is_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert Digest(tmp_path / "abc").hexdigest() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
    )


def test_a_digest_is_taken_once_and_may_be_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    one = Digest(tmp_path / "abc")
    one.start()
    assert one.hexdigest() == one.hexdigest() == hashlib.sha256(b"abc").hexdigest()
    assert one.daemon


def test_a_stopped_digest_takes_no_further_window(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(DATA)
    monkeypatch.setattr(digest, "_AT_ONCE", 4096)
    one = Digest(tmp_path / "file")
    one.stop()
    assert one.hexdigest() == hashlib.sha256(b"").hexdigest()


def test_stop_waits_for_the_thread(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(DATA)
    monkeypatch.setattr(digest, "_AT_ONCE", 4096)
    one = Digest(tmp_path / "file")
    one.start()
    one.stop()
    assert not one.is_alive()


def test_a_file_that_became_shorter_is_an_error_and_no_crash(tmp_path: Path, monkeypatch) -> None:
    """Touching a map beyond the file's end would end the process."""
    (tmp_path / "file").write_bytes(DATA)
    monkeypatch.setattr(digest, "_AT_ONCE", 4096)
    one = Digest(tmp_path / "file")
    window = one._window

    def cut(descriptor: int, start: int, size: int) -> None:
        os.truncate(tmp_path / "file", 5000)
        window(descriptor, start, size)

    monkeypatch.setattr(one, "_window", cut)
    with pytest.raises(CaffemodelError, match="can no longer be read: it became shorter while it was read"):
        one.hexdigest()


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaffemodelError, match="can no longer be read: No such file"):
        Digest(tmp_path / "none").hexdigest()
