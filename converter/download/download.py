"""Fetching a known file under its final name: addresses in order, checked, locked, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from converter.download.lockfile import LOCK_NAME, digest, forget, record, recorded_sha256
from converter.download.sources import Source
from converter.download.transfer import Part, transfer
from converter.errors import DownloadError
from converter.files.atomic import atomic_write

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0


def download(
    source: Source,
    folder: str | os.PathLike[str],
    *,
    addresses: Sequence[str] = (),
    timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
    progress: bool = False,
    afresh: bool = False,
) -> Path:
    """The source's file in `folder`, fetched unless it is there; `addresses` are tried instead of the published ones.

    `afresh` takes it as new: what is there is replaced, a part is not gone on with, no recorded checksum counts.
    A published checksum is checked; without one the first sha256 is recorded in the folder's lock file and checked ever
    after. An interrupted transfer leaves NAME.part, and the next call fetches only the rest.

    Raises:
        DownloadError: no address gave the file; the text says why for each, and how to bring the file oneself.
        OutputError: the disk is full; what has come is kept for the next call.
    """
    target = _folder(folder) / source.file_name
    if afresh:
        forget(target.parent, target.name)
        Part(_part_path(target)).discard()
    elif target.exists():
        check(target, source)
        return target
    tries = _order_by_part(addresses or source.addresses, Part(_part_path(target)))
    failures: list[DownloadError] = []
    for address in tries:
        try:
            _fetch(address, target, source, timeout, progress)
        except DownloadError as error:
            failures.append(error)
        else:
            return target
    raise DownloadError(_failure_text(source, failures), path=str(target))


def fetch(
    source: Source, file: str | os.PathLike[str], folder: str | os.PathLike[str], *, afresh: bool = False
) -> Path:
    """Copy a file that the user has from elsewhere to its place in `folder`, checked and recorded like a download.

    `afresh`: a checksum that was recorded before does not count.

    Raises:
        DownloadError: it is missing, too short, or has another checksum than published or recorded.
        OutputError: it cannot be written.
    """
    origin, target = Path(file), _folder(folder) / source.file_name
    if not origin.is_file():
        raise DownloadError("no such file", path=str(origin))
    if afresh:
        forget(target.parent, target.name)
    sha256 = check(origin, source, target.parent)
    if not (target.exists() and target.samefile(origin)):
        with origin.open("rb") as read, atomic_write(target) as written:
            shutil.copyfileobj(read, written, 1 << 20)
    record(target.parent, target.name, sha256, target.stat().st_size, str(origin))
    return target


def check(path: Path, source: Source, folder: Path | None = None) -> str:
    """The file's sha256, if it is long enough and has the published and the recorded checksums.

    Raises:
        DownloadError: it has not.
    """
    size = path.stat().st_size
    if size < source.minimum_bytes or (source.size and size != source.size):
        want = f"exactly {source.size:,}" if source.size else f"at least {source.minimum_bytes:,}"
        raise DownloadError(f"{size:,} bytes; a genuine {source.file_name} has {want}; get it again", path=str(path))
    if source.md5:
        _compare(path, "md5", digest(path, "md5"), source.md5, "published")
    sha256 = digest(path)
    if source.sha256:
        _compare(path, "sha256", sha256, source.sha256, "published")
    known = recorded_sha256(folder or path.parent, source.file_name)
    if known:
        _compare(
            path, "sha256", sha256, known, f"recorded in {LOCK_NAME} when the file first came", " (--afresh takes it)"
        )
    return sha256


def _compare(path: Path, kind: str, found: str, known: str, origin: str, remedy: str = "") -> None:
    """An error if two checksums differ."""
    if found != known.lower():
        text = f"{kind} {found}; {origin} is {known}; the file is damaged or another one{remedy}"
        raise DownloadError(text, path=str(path))


def _folder(folder: str | os.PathLike[str]) -> Path:
    """The folder, made where it is missing."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"no folder to download to: {error.strerror}; name another with -o", path=str(path)
        ) from error
    return path


def _part_path(target: Path) -> Path:
    """Where an unfinished file lies."""
    return target.with_name(target.name + ".part")


def _order_by_part(addresses: Sequence[str], part: Part) -> list[str]:
    """The addresses, the one first that an unfinished file came from: another could not go on with it."""
    begun = part.note().get("address")
    return sorted(addresses, key=lambda address: address != begun)


def _fetch(address: str, target: Path, source: Source, timeout: tuple[float, float], progress: bool) -> None:
    """One address: transfer, check, take the final name, record."""
    part = Part(_part_path(target))
    transfer(address, part, has_checksum=bool(source.md5 or source.sha256), timeout=timeout, progress=progress)
    try:
        sha256 = check(part.path, source)
    except DownloadError as error:
        part.discard()
        raise DownloadError(f"{error.message} (it was removed)", path=address) from error
    record(target.parent, target.name, sha256, part.size(), address)
    _take_name(part, target)


def _take_name(part: Part, target: Path) -> None:
    """Flush the finished part to the disk and rename it."""
    try:
        with part.path.open("rb") as file:
            os.fsync(file.fileno())
        part.path.replace(target)
    except OSError as error:
        raise DownloadError(f"cannot take its final name: {error.strerror}", path=str(target)) from error
    with suppress(OSError):
        part.note_path.unlink()


def _failure_text(source: Source, failures: Sequence[DownloadError]) -> str:
    """One text for all addresses that failed."""
    remedy = f"if you have the file elsewhere: dilatednet download {source.name} --from-file FILE, or --url ADDRESS"
    if not failures:
        return f"no address is known for {source.name}; {remedy}"
    if len(failures) == 1:
        return f"not downloaded: {failures[0]}; {remedy}"
    listed = "".join(f"\n  {failure}" for failure in failures)
    return f"not downloaded; {len(failures)} addresses were tried: {listed}\n{remedy}"
