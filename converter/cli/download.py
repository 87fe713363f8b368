"""`dilatednet download`: a published model or data set, fetched, checked and (an archive) unpacked."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "fetch a published model or data set, with resume and checksums"
EXAMPLES = """
dilatednet download dilation8_pascal_voc -o models
dilatednet download voc --from-file VOCtrainval_11-May-2012.tar --unpack
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to fetch, from where, and where to."""
    parser.add_argument(
        "name", metavar="NAME", help="a model (dilation8_pascal_voc, …), vgg_conv, voc, sbd or sbd-lists"
    )
    parser.add_argument("-o", "--output", default=".", metavar="DIR", help="folder to put it in (default: here)")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument(
        "--url", action="append", default=[], metavar="ADDRESS", help="fetch it from here (may be repeated)"
    )
    origin.add_argument("--from-file", metavar="FILE", help="take a file that you have, and check it the same way")
    parser.add_argument(
        "--afresh", action="store_true", help="fetch it although DIR holds it, whatever checksum is recorded there"
    )
    parser.add_argument("--unpack", action="store_true", help="unpack an archive to DIR/NAME")
    parser.add_argument(
        "--timeout", type=_seconds, metavar="S", help="seconds of silence after which a server is given up (60)"
    )


def _seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"want seconds above 0, not {text!r}")
    return value


def run(args: argparse.Namespace) -> int:
    """Fetch, and say where it is."""
    from converter.dilatednet.published import published_sources
    from converter.download.download import CONNECT_TIMEOUT, READ_TIMEOUT, download, fetch
    from converter.download.sources import find_source
    from converter.errors import DownloadError

    source = find_source(args.name, published_sources())
    if args.unpack and not source.is_archive:
        raise DownloadError(f"{source.file_name} is not an archive; leave --unpack out")
    if args.from_file:
        path = fetch(source, args.from_file, args.output, afresh=args.afresh)
    else:
        timeout = (min(CONNECT_TIMEOUT, args.timeout or CONNECT_TIMEOUT), args.timeout or READ_TIMEOUT)
        path = download(source, args.output, addresses=args.url, timeout=timeout, progress=True, afresh=args.afresh)
    args.result = {"file": path, "checked": bool(source.sha256 or source.md5), "unpacked": None}
    print(path)
    if not source.sha256 and not source.md5:
        print("note: no checksum was ever published for this file; its sha256 is recorded beside it", file=sys.stderr)
    if args.unpack:
        from converter.download.unpack import unpack

        args.result["unpacked"] = unpack(path, Path(args.output) / source.name)
        print(args.result["unpacked"])
    return 0
