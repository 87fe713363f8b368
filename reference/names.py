"""Names from files: lossless within the program, escaped where they are printed or stand in a key."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE = re.compile(r'[%."\\\x00-\x1f\x7f-\x9f\ud800-\udfff]')


def decode(data: bytes) -> str:
    """Bytes of a name as text: UTF-8, and a surrogate for each byte that is not (PEP 383), so that none is lost."""
    return data.decode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    r"""Text that a terminal may get: control characters, text direction marks and lone bytes as `\x1b`, `\u202e`."""
    return _UNPRINTABLE.sub(_backslashed, text)


def _backslashed(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def escape(name: str) -> str:
    """A layer's name as it stands in a key: `%XX` for bytes that a key or Python source cannot hold; "" is `%00`."""
    return _UNSAFE.sub(_percent, name) or "%00"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))
