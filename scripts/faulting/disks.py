"""File systems that fail in earnest: too small, read-only, or on a disk of which the kernel says EIO."""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SIZE = 64 << 20
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system whose blocks lie in a file of this process's memory.

    Attributes:
        folder: where it is mounted.
        memory: that file's descriptor.
    """

    folder: Path
    memory: int

    def fail_writes(self) -> None:
        """From here on the kernel answers EIO where blocks are written; what is there can be read."""
        os.sync()
        fcntl.fcntl(self.memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)

    def fail_reads(self, path: Path) -> None:
        """From here on the kernel answers EIO where the second half of a file is read.

        Raises:
            RuntimeError: the file's bytes are not on the disk.
        """
        os.sync()
        with path.open("rb") as file, mmap.mmap(self.memory, _SIZE) as blocks:
            file.seek(path.stat().st_size // 2 // _BLOCK * _BLOCK)
            place = blocks.find(file.read(_BLOCK))
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # else the page cache has them still
        if place < 0:
            raise RuntimeError(f"{path} is not on the disk")
        os.ftruncate(self.memory, place)


@contextmanager
def failing_disk() -> Iterator[Disk | None]:
    """A new file system that can be made to fail; None where none can be mounted (no root, no loop devices)."""
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    memory = os.memfd_create("disk", os.MFD_ALLOW_SEALING) if hasattr(os, "memfd_create") else -1
    device = ""
    try:
        if memory >= 0 and all(shutil.which(tool) for tool in ("mkfs.ext2", "losetup", "mount")):
            os.ftruncate(memory, _SIZE)
            device = _mounted(f"/proc/{os.getpid()}/fd/{memory}", folder)
        yield Disk(folder, memory) if device else None
    finally:
        if device:
            _tell("umount", str(folder))
            _tell("losetup", "-d", device)
        if memory >= 0:
            os.close(memory)
        folder.rmdir()


def _mounted(image: str, folder: Path) -> str:
    """The loop device through which an image is mounted; empty where it cannot be."""
    made, _ = _tell("mkfs.ext2", "-q", "-F", "-m", "0", image)
    looped, device = _tell("losetup", "-f", "--show", image) if made else (False, "")
    if looped and not _tell("mount", device, str(folder))[0]:
        _tell("losetup", "-d", device)
        return ""
    return device if looped else ""


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A new file system of 64 KiB; None where none can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="faults"))
    mounted = shutil.which("mount") and _tell("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))[0]
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            _tell("umount", str(folder))
        folder.rmdir()


@contextmanager
def bound(source: Path, name: Path) -> Iterator[None]:
    """Another file stands under a file's name while the block runs."""
    subprocess.run(["mount", "--bind", source, name], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", name], check=True)


def other_device(folder: Path) -> Path | None:
    """A folder of another file system than `folder`'s, in memory; None where there is none."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == folder.stat().st_dev:
        return None
    return Path(tempfile.mkdtemp(prefix="faults", dir=shared))


def _tell(*command: str) -> tuple[bool, str]:
    """Whether a command succeeds, and what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return not done.returncode, done.stdout.strip()
