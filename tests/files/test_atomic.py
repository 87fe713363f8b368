"""Writing whole or not at all: what is under the name meanwhile, the file's mode, and the wait for the disk."""

import os
from pathlib import Path

import pytest

from converter.errors import CaffemodelError, OutputError
from converter.files import parts
from converter.files.atomic import atomic_write
from converter.files.unchanged import watch_files


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was in each file whose bytes were waited for, in order."""
    seen: list[bytes] = []

    def fsync(descriptor: int) -> None:
        seen.append(os.pread(descriptor, 100, 0))

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def test_the_old_file_stays_whole_and_open_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """A program that maps the old file goes on seeing it: the new one is another file, which takes over the name."""
    target = tmp_path / "file"
    target.write_bytes(b"old bytes")
    with target.open("rb") as reader:
        with atomic_write(target) as file:
            file.write(b"new")
            file.flush()
            assert target.read_bytes() == b"old bytes"
        assert target.read_bytes() == b"new"
        assert reader.read() == b"old bytes"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_unfinished_file_with_a_name_is_hidden_beside_the_target_and_named_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has none without; beside it, because renaming goes at once only within a file system."""
    monkeypatch.setattr(parts, "has_unnamed_files", lambda folder: folder is None)
    with atomic_write(tmp_path / "net.pth"):
        (unfinished,) = tmp_path.iterdir()
        assert unfinished.name.startswith(".net.pth.")
        assert unfinished.suffix == ".part"


def write_half(target: Path, error: type[BaseException]) -> None:
    with atomic_write(target) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_ends_badly_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(error):
        write_half(target, error)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0, 0o666)])
def test_a_files_mode_is_that_of_any_new_file(tmp_path: Path, monkeypatch, mask: int, mode: int, named: bool) -> None:
    """Readable and writable for all (666) but for the bits of the process's mask, which is as it was afterwards."""
    if named:
        monkeypatch.setattr(parts, "has_unnamed_files", lambda folder: folder is None)
    before = os.umask(mask)
    try:
        with atomic_write(tmp_path / "file"):
            pass
    finally:
        after = os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode
    assert after == mask


def test_every_byte_is_on_the_disk_before_the_name_is_taken(tmp_path: Path, waits: list[bytes]) -> None:
    with atomic_write(tmp_path / "file") as file:
        file.write(b"all of it")
        assert waits == []
    assert waits == [b"all of it"]


def test_who_need_not_wait_for_the_disk_does_not(tmp_path: Path, waits: list[bytes]) -> None:
    with atomic_write(tmp_path / "file", wait=False) as file:
        file.write(b"all of it")
    assert (tmp_path / "file").read_bytes() == b"all of it"
    assert waits == []


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(OutputError, match="cannot be written: No space left on device; nothing was left behind"),
        atomic_write(tmp_path / "file"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_error_without_a_number_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: cut off"), atomic_write(tmp_path / "file"):
        raise OSError("cut off")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="cannot write here: No such file or directory"),
        atomic_write(tmp_path / "none" / "file"),
    ):
        pass


def test_an_error_of_a_source_that_changed_is_told_as_the_sources(tmp_path: Path) -> None:
    """Reading a file that became shorter may fail in any way; what happened to it is the better news."""
    source = tmp_path / "source"
    source.write_bytes(b"before")
    with pytest.raises(CaffemodelError, match="changed while it was read"), watch_files([str(source)]):
        write_from(source, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def write_from(source: Path, target: Path) -> None:
    with atomic_write(target):
        source.write_bytes(b"shorter"[:3])
        raise OSError("the source ended")


def test_what_was_made_of_a_source_that_changed_gets_no_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"before")
    with pytest.raises(CaffemodelError, match="6 bytes before, 3 now"), watch_files([str(source)]):
        write_beside_a_change(source, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def write_beside_a_change(source: Path, target: Path) -> None:
    with atomic_write(target) as file:
        file.write(b"made of it")
        source.write_bytes(b"now")
