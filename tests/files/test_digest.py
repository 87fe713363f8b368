"""The sum over a file's bytes."""

import hashlib
import os
from pathlib import Path

import pytest

from converter.errors import CaffemodelError
from converter.files import digest
from converter.files.digest import Digest

DATA = bytes(range(251)) * 40
"""10040 bytes, of a period that is no power of two: a piece in the wrong place shows."""


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
