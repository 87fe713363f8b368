"""What a file is, told from its first bytes, so that a wrong file is called by its name."""

from __future__ import annotations

import re

from converter.errors import CaffemodelError
from converter.files.mapping import Mapped

HEAD = 1024
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")  # no tab, line feed, form feed or carriage return

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"version https://git-lfs.github.com/spec/", "lfs"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "torch"),  # torch's own format before 1.6
    (b"\x93NUMPY", "npy"),
    (b"\x80\x02", "pickle"),
)

_ADVICE: dict[str, str] = {
    "empty": "is empty; download it again",
    "lfs": "is a git-LFS pointer, not weights; run `git lfs pull` where it came from",
    "html": "is a web page, not weights; the download was answered by an HTML page, fetch the file itself",
    "png": "is a PNG image, not weights; give the weights file",
    "jpeg": "is a JPEG image, not weights; give the weights file",
    "gzip": "is gzip-compressed; unpack it first (`gunzip` or `tar xzf`)",
    "bzip2": "is bzip2-compressed; unpack it first",
    "xz": "is xz-compressed; unpack it first",
    "zip": "is a zip archive that holds neither NumPy arrays nor a state_dict; unpack it and give the weights file",
    "npz": "is an archive of NumPy arrays, which is not what is read here",
    "torch": "is a file of torch.save, which is not what is read here",
    "torchscript": "is a TorchScript archive, which holds code; save module.state_dict() where it was made",
    "npy": "is a NumPy array, not weights; give the weights file",
    "pickle": "is a Python pickle, which is not read because it can run code; save it as .safetensors first",
    "text": "is text, perhaps a prototxt, not weights; give the binary file (.caffemodel, .h5, .safetensors)",
    "hdf5": "is HDF5, which is not what is read here; name it .h5",
    "safetensors": "is a safetensors file, which is not what is read here; name it .safetensors",
}


def detect_format(head: bytes) -> str:
    """The kind of a file that begins with `head` (up to `HEAD` bytes); "binary" where nothing known begins so."""
    if not head:
        return "empty"
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if len(head) > 8 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= 100_000_000:
        return "safetensors"
    if _is_text(head):
        return "html" if _is_html(head) else "text"
    return "binary"


def format_of(file: Mapped) -> str:
    """The kind of a mapped file; a zip archive is told by its members: "npz", "torch", "torchscript", or "zip"."""
    kind = detect_format(file.data[:HEAD])
    return _zip_kind(file.path) if kind == "zip" else kind


def _zip_kind(path: str) -> str:
    import zipfile  # for an archive alone: its compressors take as long to import as a net to read

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return "zip"
    if any(name.endswith("constants.pkl") for name in names):
        return "torchscript"
    if any(name.endswith("data.pkl") for name in names):
        return "torch"
    return "npz" if all(name.endswith(".npy") for name in names) else "zip"


def wrong_format(path: str, kind: str) -> CaffemodelError:
    """The error for a file of a kind that the caller cannot read."""
    return CaffemodelError(
        _ADVICE.get(kind, "is not a weights file; give a .caffemodel, .h5 or .safetensors"), path=path
    )


def _is_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def _is_text(head: bytes) -> bool:
    """Whether `head` holds nothing but UTF-8 text; the last character may be cut off."""
    if _CONTROL.search(head):
        return False
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
