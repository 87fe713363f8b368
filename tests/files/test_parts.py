"""A file appears whole or not at all, and a killed writer leaves nothing, or nothing for long."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from converter.errors import OutputError
from converter.export.files import write_file, write_folder
from converter.files import parts
from converter.files.atomic import atomic_write

HANGING = """
import sys, time
from converter.files import parts
from converter.files.atomic import atomic_write
if sys.argv[2] == "named":
    parts.has_unnamed_files = lambda folder: False
with atomic_write(sys.argv[1]) as file:
    file.write(bytes(100_000))
    file.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["unnamed", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Both ways to write: without a name, which not every file system has, and beside the target."""
    monkeypatch.setattr(parts, "_cleaned", set())
    if request.param == "named":
        monkeypatch.setattr(parts, "has_unnamed_files", lambda folder: folder is None)
    elif not parts.has_unnamed_files(tmp_path):
        pytest.skip("this file system has no files without a name")
    return request.param


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def fail(target: Path, error: Exception) -> None:
    """A write that breaks off."""
    with atomic_write(target) as file:
        file.write(b"new")
        raise error


def killed_writer(target: Path, way: str) -> None:
    """A process that is killed while it writes."""
    with subprocess.Popen([sys.executable, "-c", HANGING, target, way], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)


def test_a_killed_writer_without_a_name_leaves_nothing(tmp_path, way):
    killed_writer(tmp_path / "w.pth", way)
    left = names(tmp_path)
    assert len(left) == (way == "named")
    assert all(name.startswith(".w.pth.") and name.endswith(".part") for name in left)


def test_what_a_killed_writer_left_goes_at_the_next_write(tmp_path, way):
    killed_writer(tmp_path / "w.pth", "named")
    (tmp_path / ".old.pth.ab_12xyz.part").write_bytes(b"of an earlier version")
    (tmp_path / ".mine.part").write_bytes(b"no part of ours")
    (tmp_path / ".x.0123abcd.part").symlink_to("/etc/hostname")

    with atomic_write(tmp_path / "other") as file:
        file.write(b"new")

    assert names(tmp_path) == [".mine.part", ".x.0123abcd.part", "other"]
    assert way in ("named", "unnamed")


def test_a_part_whose_writer_lives_stays(tmp_path, way, monkeypatch):
    with atomic_write(tmp_path / "a") as first:
        first.write(b"1")
        before = names(tmp_path)
        monkeypatch.setattr(parts, "_cleaned", set())
        with atomic_write(tmp_path / "b") as second, write_file(tmp_path / "c") as path, write_folder(tmp_path):
            second.write(b"2")
            path.write_bytes(b"3")
            monkeypatch.setattr(parts, "_cleaned", set())
            parts.remove_stale_parts(tmp_path)
            assert len(names(tmp_path)) == len(before) + (way == "named") + 2
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == {
        "a": b"1", "b": b"2", "c": b"3",
    }  # fmt: skip


def test_folders_of_dead_writers_go_too(tmp_path, way):
    left = tmp_path / ".net.onnx.0123abcd.part"
    left.mkdir()
    (left / "net.onnx").write_bytes(bytes(10))
    with write_file(tmp_path / "other.onnx") as path:
        path.write_bytes(b"x")
    assert names(tmp_path) == ["other.onnx"], way


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_file_has_the_mode_that_the_users_mask_gives(tmp_path, way, mask):
    old = os.umask(mask)
    try:
        with atomic_write(tmp_path / "new") as file:
            file.write(b"x")
    finally:
        os.umask(old)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o666 & ~mask, way


def test_what_stood_there_is_replaced_at_once(tmp_path, way):
    target = tmp_path / "w"
    target.write_bytes(b"old")
    (tmp_path / "link").symlink_to("w")
    with atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    with atomic_write(tmp_path / "link") as file:
        file.write(b"by the link")
    assert target.read_bytes() == b"new", way
    assert not (tmp_path / "link").is_symlink()
    assert names(tmp_path) == ["link", "w"]


def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path, way):
    (tmp_path / "w").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path / "w", ZeroDivisionError())
    with pytest.raises(OutputError, match="No space left"):
        fail(tmp_path / "w", OSError(28, "No space left on device"))
    assert (tmp_path / "w").read_bytes() == b"old", way
    assert names(tmp_path) == ["w"]


def test_a_folder_in_the_way_is_refused(tmp_path, way):
    (tmp_path / "w").mkdir()
    with pytest.raises(OutputError, match="cannot be written"), atomic_write(tmp_path / "w") as file:
        file.write(b"new")
    assert names(tmp_path) == ["w"], way
    with pytest.raises(OutputError, match="cannot write here"), atomic_write(tmp_path / "none" / "w"):
        pass
