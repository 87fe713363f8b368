"""A web server on the loopback, in a process of its own, that sends half a megabyte in a quarter of a second."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(251)) * 2000
_BLOCK = 1 << 14
_port = [0]


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """The content, from where the client asks for it."""
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.send_header("ETag", '"one"')
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        with contextlib.suppress(OSError):
            for place in range(start, len(CONTENT), _BLOCK):
                self.wfile.write(CONTENT[place : place + _BLOCK])
                time.sleep(0.25 * _BLOCK / len(CONTENT))


@contextlib.contextmanager
def serving() -> Iterator[None]:
    """The server runs within the block."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        _port[0] = server.server_address[1]
        process = os.fork()
        if not process:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            server.serve_forever()
        try:
            yield
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def address() -> str:
    """Where the content is."""
    return f"http://127.0.0.1:{_port[0]}/net.caffemodel"


def serve_one_source() -> None:
    """Make the content the one thing that `download` knows."""
    from converter.dilatednet import published
    from converter.download.sources import Source

    def sources() -> tuple[Source, ...]:
        return (Source("net", "net.caffemodel", minimum_bytes=len(CONTENT)),)

    published.published_sources = sources
