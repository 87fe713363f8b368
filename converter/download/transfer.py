"""One HTTP transfer into NAME.part, going on where an earlier one stopped if the server has the same file still."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import requests
from tqdm import tqdm

from converter.errors import DownloadError, OutputError
from converter.files.json_text import parse_json

_BLOCK = 1 << 14
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "dilatednet"}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_OK, _PARTIAL, _BEYOND_END = 200, 206, 416


@dataclass(frozen=True)
class Part:
    """An unfinished file and the note beside it: where it comes from, the server's mark of its version, its length."""

    path: Path

    @property
    def note_path(self) -> Path:
        """Where the note lies."""
        return self.path.with_name(self.path.name + ".json")

    def note(self) -> dict[str, Any]:
        """The note, empty where it is missing or damaged."""
        with suppress(OSError, ValueError):
            note = parse_json(self.note_path.read_text(encoding="utf-8"))
            if isinstance(note, dict):
                return note
        return {}

    def size(self) -> int:
        """Bytes that are here already."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def discard(self) -> None:
        """Forget what has come."""
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)


def transfer(
    address: str,
    part: Part,
    *,
    has_checksum: bool = False,
    timeout: tuple[float, float] = (10, 60),
    progress: bool = False,
) -> None:
    """Bring `part` to its full length. What has come (in blocks of 16 KiB) stays there where a later call can use it.

    A part is gone on with if the server marks versions (ETag, Last-Modified) and the mark is the same, or if the whole
    will be checked against a known checksum (`has_checksum`); else it starts again. `timeout`: seconds to connect, and
    of silence. Proxies and certificates come from the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE).

    Raises:
        DownloadError: anything but a complete file: no connection, silence, a status, a page, a cut.
        OutputError: the disk is full, or does not take the file.
    """
    note = part.note()
    mark = note.get("mark") if note.get("address") == address else None
    offset = part.size() if note and (mark or has_checksum) else 0
    if offset and offset == note.get("total"):
        return
    try:
        with _get(address, offset, mark, timeout) as response:
            if offset and not _can_continue(response, offset, note):
                response.close()
                part.discard()
                transfer(address, part, has_checksum=has_checksum, timeout=timeout, progress=progress)
                return
            _receive(response, address, part, progress)
    except requests.RequestException as error:
        raise DownloadError(_reason(error, part), path=address) from error


def _get(address: str, offset: int, mark: str | None, timeout: tuple[float, float]) -> requests.Response:
    """Ask for the file, or for what is missing of it."""
    headers = dict(_HEADERS)
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if mark:
            headers["If-Range"] = mark
    return requests.get(address, headers=headers, stream=True, timeout=timeout)


def _can_continue(response: requests.Response, offset: int, note: dict[str, Any]) -> bool:
    """Whether an answer is one to go on with; False asks for a start from nothing."""
    if response.status_code == _BEYOND_END:
        return False
    if response.status_code != _PARTIAL:
        return True
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not match or int(match[1]) != offset:
        return False
    return match[3] == "*" or note.get("total") in (None, int(match[3]))


def _receive(response: requests.Response, address: str, part: Part, progress: bool) -> None:
    """Write an answer's body to the part."""
    if response.status_code not in (_OK, _PARTIAL):
        raise DownloadError(f"the server answers {response.status_code} {response.reason}", path=address)
    blocks = response.iter_content(_BLOCK)
    first = next(blocks, b"")
    start = part.size() if response.status_code == _PARTIAL else 0
    if not start:
        _refuse_page(response, first, address)
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() else None
    if total is not None:
        _refuse_full_disk(part, total - start)
    _write(first, blocks, part, start, {"address": address, "mark": _mark(response), "total": total}, progress)
    if total is not None and part.size() != total:
        raise DownloadError(
            _with_advice(f"the connection ended after {part.size():,} of {total:,} bytes", part), path=address
        )


def _mark(response: requests.Response) -> str | None:
    """The server's mark of this version: a strong ETag, or else the date of the last change."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


def _refuse_page(response: requests.Response, first: bytes, address: str) -> None:
    """An HTML page is what many servers answer instead of a file that is gone."""
    kind = response.headers.get("Content-Type", "").lower()
    if kind.startswith("text/html") or first.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise DownloadError("the server answers an HTML page in place of the file", path=address)


def _refuse_full_disk(part: Part, bytes_to_come: int) -> None:
    """Say before the first byte that there is not room enough."""
    free = shutil.disk_usage(part.path.parent).free
    if free < bytes_to_come:
        reason = _with_advice(f"{bytes_to_come:,} bytes to come, {free:,} free on the disk", part)
        raise OutputError(f"{reason}; make room and run this again", path=str(part.path))


def _write(first: bytes, rest: Iterator[bytes], part: Part, start: int, note: dict[str, Any], progress: bool) -> None:
    """Append (from `start`) to the part; its note is written first, so that whatever comes can be gone on with."""
    try:
        with part.path.open("r+b" if start else "wb") as file:
            part.note_path.write_text(json.dumps(note), encoding="utf-8")
            file.seek(start)
            with tqdm(
                total=note["total"],
                initial=start,
                unit="B",
                unit_scale=True,
                desc=part.path.stem,
                disable=None if progress else True,
            ) as bar:
                _append(file, first, bar)
                for block in rest:
                    _append(file, block, bar)
    except requests.RequestException:
        raise
    except OSError as error:
        reason = _with_advice(f"cannot be written: {error.strerror or error}", part)
        raise OutputError(f"{reason}; make room and run this again", path=str(part.path)) from error


def _append(file: BinaryIO, block: bytes, bar: tqdm[Any]) -> None:
    """Write one block and show it."""
    file.write(block)
    bar.update(len(block))


def _reason(error: requests.RequestException, part: Part) -> str:
    """What went wrong, in a few words."""
    if isinstance(
        error, requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema | requests.exceptions.InvalidURL
    ):
        return f"not an address that can be fetched: {error}; want http://… or https://…"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "the server redirects in a circle"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection: the host does not answer"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error).lower():
        return _with_advice("the connection stalled", part)
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return _with_advice("the connection ended early", part)
    inner = getattr(error.args[0], "reason", error.args[0]) if error.args else error
    return _with_advice(f"no connection: {inner}", part)


def _with_advice(text: str, part: Part) -> str:
    """The text, and what a later call can go on with."""
    return f"{text}; {part.size():,} bytes are kept in {part.path.name}" if part.size() else text
