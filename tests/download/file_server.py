"""A small HTTP server on the loopback that misbehaves as its paths say, and counts the bytes of bodies it served."""

import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

CONTENT = np.random.default_rng(7).bytes(300_000)
CUT_AT = 11 << 14  # a whole number of the blocks in which a transfer is written


class Server(ThreadingHTTPServer):
    """`served`: body bytes in all; `ranges`: the Range header of every request, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.etag: str | None = '"one"'
        self.cut = True
        self.served = 0
        self.requests: list[tuple[str, str | None]] = []
        self.released = threading.Event()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    @property
    def ranges(self) -> list[str | None]:
        return [asked for _, asked in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        answers: dict[str, Callable[[], None]] = {
            "/file": self.ranged,
            "/cut": lambda: self.ranged(cut=self.server.cut),
            "/stall": lambda: self.ranged(stall=True),
            "/no-ranges": lambda: self.whole(cut=self.server.cut),
            "/wrong-range": self.wrong_range,
            "/too-long": lambda: self.head(200, length=len(self.server.content) + 50_000, body=self.server.content),
            "/too-short": lambda: self.head(200, length=1000, body=self.server.content),
            "/unsized": lambda: self.head(200, length=None, body=self.server.content),
            "/moved": lambda: self.moved("/file"),
            "/circle": lambda: self.moved("/circle"),
            "/page": lambda: self.head(200, b"<html><body>Sign in</body></html>", kind="text/html; charset=utf-8"),
            "/disguised": lambda: self.head(200, b"\n<!DOCTYPE html><p>gone", kind="application/octet-stream"),
            "/empty": lambda: self.head(200, b""),
        }
        answers.get(self.path, lambda: self.head(404, b"not here"))()

    def head(self, status: int, body: bytes = b"", length: int | None = -1, kind: str = "", **more: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        if kind:
            self.send_header("Content-Type", kind)
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.send(body)

    def send(self, body: bytes) -> None:
        self.server.served += len(body)  # before the client can have the last byte and look
        self.wfile.write(body)

    def moved(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def whole(self, cut: bool = False) -> None:
        content = self.server.content
        self.head(200, content[:CUT_AT] if cut else content, length=len(content))
        if cut:
            self.hang_up()

    def ranged(self, cut: bool = False, stall: bool = False) -> None:
        content, start = self.server.content, self.start()
        rest = content[start : CUT_AT if cut or stall else None]
        if start >= len(content):
            self.head(416, b"", Content_Range=f"bytes */{len(content)}")
        elif start:
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.head(206, rest, length=len(content) - start, Content_Range=place)
        else:
            self.head(200, rest, length=len(content))
        if stall:
            self.wfile.flush()
            self.server.released.wait(10)
        if cut:
            self.hang_up()

    def start(self) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        changed = self.headers.get("If-Range") not in (None, self.server.etag)
        return int(match[1]) if match and not changed else 0

    def wrong_range(self) -> None:
        if self.start():
            size = len(self.server.content)
            self.head(206, self.server.content[10:], Content_Range=f"bytes 10-{size - 1}/{size}")
        else:
            self.whole(cut=self.server.cut)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
