"""What commands import, and how many calls reading takes: counted, so that start-up cannot creep."""

import subprocess
import sys

import pytest

from converter.formats.prototxt.parser import parse_prototxt
from converter.formats.prototxt.tokens import Source, tokens
from tests.places import GOLDENS, ROOT

NET = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.prototxt"
WEIGHTS = GOLDENS / "nets" / "solver" / "sgd_exp_iter_12.caffemodel"
HEAVY = {"numpy", "torch", "h5py", "google.protobuf", "safetensors", "PIL", "requests", "tqdm", "scipy"}

PROGRAM = """
import contextlib, io, sys
from converter.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(*sys.modules)
"""


def imported(*arguments: str, program: str = PROGRAM) -> set[str]:
    """The modules of a fresh process that has run a command."""
    line = [sys.executable, "-c", program, *arguments]
    return set(subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("arguments", [("--help",), ("inspect", "--help"), ("predict", "--help")], ids=" ".join)
def test_help_imports_no_library_and_little_of_pythons(arguments):
    found = imported(*arguments)

    assert not found & (HEAVY | {"shutil", "inspect", "hashlib", "json", "dataclasses"})
    assert len(found) < 140  # 124 with Python 3.11, whose own start takes 33 of them


def test_inspect_imports_the_layers_of_the_net_alone():
    found = imported("inspect", str(NET))

    layers = {name.rpartition(".")[2] for name in found if name.startswith("converter.layers.")} - {"kit", "layer"}
    assert {"convolution", "relu", "softmax"} <= layers
    assert not layers & {"lstm", "proposal", "detectionoutput", "batchnorm", "eltwise"}
    assert not found & (HEAVY | {"difflib", "fractions", "zipfile"})
    assert len(found) < 185  # 165 with Python 3.11


def test_a_conversion_imports_no_library_and_nothing_that_reads_a_prototxt(tmp_path):
    out = tmp_path / "out.safetensors"
    found = imported("convert", str(WEIGHTS), str(out), "--no-checksum")

    assert out.is_file()
    assert not found & (HEAVY | {"difflib", "hashlib", "secrets"})
    assert not found & {"converter.files.digest", "converter.net.net", "converter.net.params", "converter.files.stream"}
    assert len(found) < 180  # 161 with Python 3.11
    assert {"hashlib", "converter.files.digest"} <= imported("convert", str(WEIGHTS), str(out))


def test_a_prototxt_is_read_with_few_calls_a_token():
    """Python 3.11 takes 10.6 calls a token; 12.6 were 3.7 MB/s of another net on an AMD EPYC of 2024."""
    text = NET.read_text()
    parse_prototxt(text)  # the schema's tables are made once
    count = sum(1 for _ in tokens(Source(text, "")))
    calls = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        parse_prototxt(text)
    finally:
        sys.setprofile(None)

    assert count > 1000
    assert calls < 12 * count
