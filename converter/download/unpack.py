"""Unpacking tar and zip archives without letting any member out of the target folder; whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from converter.errors import DownloadError

_BLOCK = 1 << 20
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_UNIX = 3
_LARGEST_READ = 16 << 20
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}


@dataclass(frozen=True)
class Limits:
    """What an archive may become: bytes in all, bytes in proportion to its own (above a free allowance), members."""

    total_bytes: int = 64 << 30
    ratio: int = 100
    free_bytes: int = 64 << 20
    members: int = 1_000_000


@dataclass(frozen=True)
class _Member:
    """A file (or, without `open`, a folder) of an archive: its name as stored, and how its bytes are read."""

    name: str
    open: Callable[[], IO[bytes] | None] | None


def unpack(archive: str | os.PathLike[str], folder: str | os.PathLike[str], limits: Limits | None = None) -> Path:
    """Unpack a .tar (plain, gzip, bzip2, xz) or .zip to `folder`, which must not exist; it appears when all is there.

    Only files and folders are made, with plain permissions; links within the archive become copies.

    Raises:
        DownloadError: the folder exists, the archive is damaged, or a member's name is absolute or leads out, is a link
            to something that is not in the archive, is a device or pipe, or is more than the limits allow.
    """
    source, target = Path(archive), Path(folder)
    if target.exists():
        raise DownloadError("is there already; remove it or name another folder", path=str(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unpacking", dir=target.parent))
    except OSError as error:
        raise DownloadError(f"cannot unpack here: {error.strerror}", path=str(target)) from error
    try:
        _unpack_into(source, temporary, limits or Limits())
        temporary.chmod(0o755)
        temporary.replace(target)
    except _BROKEN as error:
        raise DownloadError(
            f"a damaged archive: {error or type(error).__name__}; get it again", path=str(source)
        ) from error
    except OSError as error:
        raise DownloadError(
            f"cannot be unpacked: {error.strerror or error}; nothing was left behind", path=str(source)
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _unpack_into(source: Path, folder: Path, limits: Limits) -> None:
    """Write every member below `folder`, which is empty and ours."""
    budget = min(limits.total_bytes, max(limits.free_bytes, limits.ratio * source.stat().st_size))
    with _members(source) as members:
        for number, member in enumerate(members, 1):
            if number > limits.members:
                raise DownloadError(f"more than {limits.members:,} members; refused as a bomb", path=str(source))
            name = safe_name(member.name, source)
            place = folder / name
            if member.open is None:
                place.mkdir(parents=True, exist_ok=True)
                continue
            if not name:
                raise DownloadError(f"member {member.name!r} has no name; get it again", path=str(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            budget -= _write(member, place, budget, source)


def _write(member: _Member, place: Path, budget: int, source: Path) -> int:
    """Write one member's bytes, no more than `budget`; the number of them."""
    assert member.open is not None
    stream = member.open()
    if stream is None:
        raise DownloadError(f"member {member.name!r} has no content", path=str(source))
    written = 0
    with stream, place.open("wb") as file:
        while block := stream.read(_BLOCK):
            written += len(block)
            if written > budget:
                size = f"{source.stat().st_size:,} bytes (at {member.name!r})"
                raise DownloadError(f"unpacks to far more than its {size}; refused as a bomb", path=str(source))
            file.write(block)
    return written


def safe_name(name: str, source: Path) -> str:
    """The member's name as a relative path that stays below its folder.

    Raises:
        DownloadError: it would not.
    """
    path = PurePosixPath(name)
    parts = [part for part in path.parts if part != "."]
    bad = path.is_absolute() or ".." in parts or "\\" in name or "\0" in name or any(":" in part for part in parts[:1])
    if bad:
        raise DownloadError(f"member {name!r} leads out of the folder; the archive was refused", path=str(source))
    return "/".join(parts)


@contextmanager
def _members(source: Path) -> Iterator[Iterator[_Member]]:
    """The archive's members by its kind, which its content tells."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as packed:
            yield _zip_members(packed, source)
        return
    with _decompress(source) as stream:
        guarded = _Guarded(stream, source)
        with tarfile.open(fileobj=cast(IO[bytes], guarded), mode="r:") as tar:
            yield _tar_members(tar, guarded, source)


def _decompress(source: Path) -> IO[bytes]:
    """The tar within a plain, gzip, bzip2 or xz file."""
    with source.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), open)
    return cast(IO[bytes], opener(source, "rb"))


class _Guarded:
    """A stream that refuses large reads: tarfile takes a header's word for how much memory a name may need."""

    def __init__(self, stream: IO[bytes], source: Path) -> None:
        self._stream, self._source = stream, source
        self.last = b""
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def read(self, size: int = -1) -> bytes:
        """At most 16 MiB at once."""
        if not 0 <= size <= _LARGEST_READ:
            raise DownloadError(f"a header of {size:,} bytes; refused as a bomb", path=str(self._source))
        self.last = self._stream.read(size)
        return self.last


def _zip_members(packed: zipfile.ZipFile, source: Path) -> Iterator[_Member]:
    """Files and folders of a zip; a link or device that the Unix mode tells of is refused."""
    for info in packed.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DownloadError(f"member {info.filename!r} is a link or device; refused", path=str(source))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile unpacks the others whole
            raise DownloadError(f"member {info.filename!r} is neither stored nor deflated; refused", path=str(source))
        folder = info.filename.endswith("/")  # is_dir() wants a name of one letter at least
        yield _Member(info.filename, None if folder else lambda info=info: packed.open(info))  # type: ignore[misc]


def _tar_members(tar: tarfile.TarFile, stream: _Guarded, source: Path) -> Iterator[_Member]:
    """Files and folders of a tar; a link to a file of the same archive reads as that file."""
    files: dict[str, tarfile.TarInfo] = {}
    for info in tar:
        name = safe_name(info.name, source)
        if info.isdir():
            yield _Member(info.name, None)
            continue
        content = info if info.isreg() else _link_target(info, files, source)
        files[name] = content
        yield _Member(info.name, lambda content=content: tar.extractfile(content))  # type: ignore[misc]
    if not files or stream.last != bytes(tarfile.BLOCKSIZE):
        raise DownloadError("the archive ends early or holds no file; get it again", path=str(source))


def _link_target(info: tarfile.TarInfo, files: dict[str, tarfile.TarInfo], source: Path) -> tarfile.TarInfo:
    """The regular file that a link means, if that came before it in the archive."""
    if not (info.issym() or info.islnk()):
        raise DownloadError(f"member {info.name!r} is a device or pipe; refused", path=str(source))
    base = PurePosixPath(info.name).parent if info.issym() else PurePosixPath()
    name = os.path.normpath(base / info.linkname)
    if PurePosixPath(info.linkname).is_absolute() or name.startswith("..") or name not in files:
        raise DownloadError(
            f"member {info.name!r} is a link to {info.linkname!r}, which is no file of the archive; refused",
            path=str(source),
        )
    return files[name]
