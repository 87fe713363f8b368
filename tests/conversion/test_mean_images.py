"""Mean images: read by `converter.read_mean`, converted into arrays and pictures."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import converter
from converter.cli import main
from converter.errors import CaffemodelError, OutputError
from converter.formats.mean_head import is_mean_file
from tests.places import GOLDENS, ROOT
from tests.wire_bytes import count, floats, packed

MEAN = GOLDENS / "nets" / "formats" / "mean.binaryproto"
SMALL = np.array([[[1, 2.4]], [[3, 4.5]], [[250, 255.4]]], np.float32)
"""B, G, R of two pixels."""


@pytest.fixture
def small(tmp_path):
    (tmp_path / "mean.binaryproto").write_bytes(packed(SMALL))
    return tmp_path / "mean.binaryproto"


def test_a_public_name_reads_it_without_torch():
    code = "import sys, converter; m = converter.read_mean(sys.argv[1]); print(m.dtype, m.ndim, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(MEAN)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["float32", "3", "False"]
    with np.load(GOLDENS / "nets/formats/mean.npz") as golden:
        assert np.array_equal(converter.read_mean(MEAN), golden["mean"])


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_arrays_hold_caffes_numbers(small, ending, capsys):
    out = small.with_name(f"out.{ending}")
    assert main(["convert", str(small), str(out)]) == 0
    found = np.load(out)
    found = found if ending == "npy" else found["mean"]
    assert found.dtype == np.float32
    assert np.array_equal(found, SMALL)
    told = capsys.readouterr().out
    assert "a mean of 3×1×2; its channels' means: 1.70,3.75,252.70" in told
    assert f"a mean of 6 numbers, {out.stat().st_size:,} bytes" in told
    assert hashlib.sha256(small.read_bytes()).hexdigest() in told
    assert converter.convert(small, out, checksum=False).sha256 == ""


def test_a_picture_has_r_g_b_rounded(small, capsys):
    assert main(["convert", str(small), str(small.with_name("out.png"))]) == 0
    picture = np.asarray(Image.open(small.with_name("out.png")))
    assert picture.tolist() == [[[250, 3, 1], [255, 4, 2]]]  # 4.5 rounds to the even number
    assert "rounded to 8 bits, B, G, R as R, G, B" in capsys.readouterr().out


def test_a_gray_mean_is_a_gray_picture_and_an_array_is_a_source_too(tmp_path):
    np.save(tmp_path / "mean.npy", np.array([[[7, 9]]]))
    for name in ("gray.png", "gray.npz"):
        converter.convert(tmp_path / "mean.npy", tmp_path / name)
    assert np.asarray(Image.open(tmp_path / "gray.png")).tolist() == [[7, 9]]
    assert np.load(tmp_path / "gray.npz")["mean"].tolist() == [[[7, 9]]]


def test_what_cannot_be_is_refused_and_leaves_nothing(small, tmp_path):
    (tmp_path / "two.binaryproto").write_bytes(packed(np.zeros((2, 1, 1), np.float32)))
    (tmp_path / "high.binaryproto").write_bytes(packed(np.full((1, 1, 1), 255.6, np.float32)))
    (tmp_path / "low.binaryproto").write_bytes(packed(np.full((1, 1, 1), -0.6, np.float32)))
    weights = GOLDENS / "nets/formats/v1_v2.caffemodel"
    refused = [
        (small, "out.safetensors", OutputError, "a mean image, which '.safetensors' does not hold; use one of .npy"),
        (small, "mean.binaryproto", OutputError, "'.binaryproto' does not hold"),
        (tmp_path / "two.binaryproto", "out.png", OutputError, "a mean of 2 channels"),
        (
            tmp_path / "high.binaryproto",
            "out.png",
            OutputError,
            "numbers from 255.6 to 255.6; an image holds 0 to 255",
        ),
        (tmp_path / "low.binaryproto", "out.png", OutputError, "numbers from -0.6"),
        (tmp_path / "gone.binaryproto", "out.npy", CaffemodelError, "No such file"),
        (weights, "out.npy", OutputError, "'.npy' is for mean images, which the source is not"),
    ]
    for source, out, kind, says in refused:
        with pytest.raises(kind, match=says):
            converter.convert(source, tmp_path / out)
    with pytest.raises(OutputError, match="belongs to no prototxt"):
        converter.convert(small, tmp_path / "out.npy", GOLDENS / "nets/formats/v1.prototxt")
    assert not [*tmp_path.glob("out.*")]


@pytest.mark.parametrize(
    ("data", "mean"),
    [
        (packed(SMALL), True),
        (count(1, 300) + count(2, 3) + count(3, 1) + count(4, 2) + floats(*SMALL.ravel()), True),
        (count(1, 300) + bytes([2 << 3 | 2, 1]) + b"w", False),  # a solver state: iter, learned_net
        (bytes([1 << 3 | 2, 1]) + b"n", False),  # a net: its name
        (count(4, 3), False),  # a net's input_dim
        (b"- text, which begins with a field's number", False),
    ],
)
def test_a_mean_is_told_by_its_first_fields(tmp_path, data, mean):
    (tmp_path / "file").write_bytes(data)
    assert is_mean_file(tmp_path / "file") is mean
