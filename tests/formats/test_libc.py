"""Room on the disk is taken before it is written to, and a disk without it says so at once."""

import shutil
import subprocess
from pathlib import Path

import pytest

import converter
from converter.errors import OutputError
from converter.files import libc
from tests.places import GOLDENS

SMALL = GOLDENS / "nets" / "formats" / "v1_v2.caffemodel"


@pytest.fixture
def can_reserve(tmp_path: Path) -> None:
    """Skips where another program cannot take room on this file system either."""
    program = shutil.which("fallocate")
    if program is None or subprocess.run([program, "-l", "4096", tmp_path / "try"], check=False).returncode:
        pytest.skip("no program, or a file system, that takes room beforehand")


@pytest.mark.usefixtures("can_reserve")
def test_reserved_room_makes_a_file_no_longer(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file:
        file.write(b"abc")
        file.flush()
        libc.reserve(file.fileno(), 1 << 20)
    assert (tmp_path / "file").read_bytes() == b"abc"
    assert (tmp_path / "file").stat().st_blocks * 512 >= 1 << 20


@pytest.mark.usefixtures("can_reserve")
def test_more_than_the_disk_holds_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file, pytest.raises(OSError, match=r"No space left|File too large"):
        libc.reserve(file.fileno(), 1 << 62)


def test_where_the_system_cannot_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converter.convert(SMALL, tmp_path / "a.safetensors")
    monkeypatch.setattr(libc, "_function", lambda *_: None)
    converter.convert(SMALL, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_a_full_disk_is_one_error_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("converter.formats.weights.safetensors.reserve", full)
    with pytest.raises(OutputError, match=r"No space left on device; nothing was left behind"):
        converter.convert(SMALL, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())
