"""Where within a page of memory a buffer should take bytes on their way from file to file."""

PAGE = 4096
"""Bytes of a page of memory."""

_LINE = 64


def buffer_place(source: int, out: int = 0) -> int:
    """The place in a buffer's first page for bytes at `source` of one file that go to `out` of another, if they do.

    Processors of the Zen 3 kind copy four times as slowly when, within pages, the bytes' new place is up to 31 bytes
    after their old one; half a page's distance keeps away from that, and a quarter where half a page meets `out`.
    """
    place = (source + PAGE // 2) % PAGE // _LINE * _LINE
    return place if (out - place) % PAGE >= _LINE else (place + PAGE // 4) % PAGE
