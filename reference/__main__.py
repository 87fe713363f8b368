"""`python -m reference NET W --input x.npz -o blobs.npz`: runs a net and writes every blob.

Exit code 0, or 2 with one line on stderr where the input is at fault; the output appears whole or not at all.
"""

from __future__ import annotations

import argparse
import os
import sys
import zipfile
from pathlib import Path

import numpy as np

import reference
from reference.errors import InputError, OracleError, WireError
from reference.layer import Array
from reference.memory import memory_limit, size_in_bytes
from reference.names import escape, printable
from reference.npz import read_npz


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference", description="Run a Caffe net with the numpy oracle.")
    parser.add_argument("net", type=Path, metavar="NET", help="prototxt")
    parser.add_argument("weights", type=Path, metavar="W", nargs="?", help="weights; without them, the net's fillers")
    parser.add_argument("--input", type=Path, metavar="X.npz", help="one array an input, named as the net names it")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BLOBS.npz", help="where every blob goes")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    parser.add_argument("--phase", choices=("test", "train"), default="test")
    parser.add_argument("--stage", action="append", default=[], metavar="NAME", help="stage that layers' rules ask for")
    parser.add_argument("--level", type=int, default=0, metavar="N", help="level that layers' rules ask for")
    parser.add_argument("--crop", choices=("caffe", "geometry"), default="caffe", help="where a Crop without offset is")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="what ${NAME} stands for")
    parser.add_argument("--keep", nargs="+", metavar="BLOB", help="write these blobs only, and drop the others early")
    parser.add_argument("--allow-unknown", action="store_true", help="go on past fields that the oracle does not know")
    parser.add_argument(
        "--allow-files", action="append", default=[], metavar="DIR", help="named files may lie here too"
    )
    parser.add_argument("--max-memory", metavar="SIZE", help="most that an array, and all blobs, may take: 500M, 8G")
    return parser


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set {text}: expected NAME=VALUE")
    return name, value


def _read_inputs(path: Path | None) -> dict[str, Array]:
    if path is None:
        return {}
    try:
        return {name: np.asarray(array) for name, array in read_npz(str(path)).items()}
    except WireError as error:
        raise InputError(error.message.replace("archive", "npz", 1), path=str(path)) from None


def _write(path: Path, blobs: dict[str, Array]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                for name, blob in blobs.items():
                    with archive.open(f"{_member_name(name)}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, blob, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OracleError(f"cannot be written: {error.strerror or error}", path=str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _member_name(blob: str) -> str:
    """The blob's name, its bytes spelled `%XX` where they are no text, which zip archives do not take."""
    return blob if blob.isascii() or printable(blob) == blob else escape(blob)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    given = _arguments().parse_args(arguments)
    try:
        limit = size_in_bytes(given.max_memory) if given.max_memory else None
        with memory_limit(limit):
            options = {"phase": given.phase, "level": given.level, "stages": given.stage}
            options["values"] = dict(_value(text) for text in given.set)
            net = reference.read_net(given.net, allow_unknown=given.allow_unknown, crop=given.crop, **options)
            blobs = reference.run(
                net,
                given.weights,
                _read_inputs(given.input),
                dtype=given.dtype,
                keep=given.keep,
                allow_files=given.allow_files,
                max_memory=limit,
            )
        _write(given.output, blobs)
    except OracleError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{given.output}: {len(blobs)} blobs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
