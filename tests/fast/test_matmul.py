"""Either library's matrix product inside the forms that use one, and when numpy's is taken."""

import os
import subprocess
import sys

import pytest
import torch

from converter.fast import matmul as room
from converter.fast import onednn
from converter.fast.convolution.filter import Place
from converter.fast.convolution.frequency import FrequencyConvolution, best_size
from converter.fast.convolution.pointwise import PointwiseConvolution
from converter.fast.convolution.transform import frequency_planes
from converter.pytorch.process_settings import prepare, threads_make_room
from tests.fast.test_algorithms import apart, made, picture
from tests.places import ROOT

CPU = Place(torch.float32, torch.device("cpu"))
ROOMY = {"GOMP_SPINCOUNT": "20000", "OPENBLAS_THREAD_TIMEOUT": "4"}


@pytest.fixture(params=[True, False], ids=["numpy", "torch"])
def library(request, monkeypatch):
    """Makes one library the quicker one; gives a list of the shapes that numpy multiplied, and whether it should."""
    multiplied, matmul = [], room.np.matmul

    def counted(a, b, out):
        multiplied.append((a.shape, b.shape))
        return matmul(a, b, out=out)

    monkeypatch.setattr(room, "numpy_is_quicker", lambda _: request.param)
    monkeypatch.setattr(room, "has_avx512", lambda: False)
    monkeypatch.setattr(room.np, "matmul", counted)
    return multiplied, request.param


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_every_library_gives_the_convolution(library, rectified, bias):
    multiplied, numpys = library
    with torch.inference_mode():
        wide, square = (made(32, 40, k, rectified=rectified, bias=bias) for k in (1, 7))
        assert apart(wide, PointwiseConvolution(wide, CPU), picture(2, 32, 7, 9)) <= 1e-6
        assert multiplied == ([((126, 32), (32, 40))] if numpys else [])
        assert apart(square, FrequencyConvolution(square, CPU), picture(1, 32, 30, 21)) <= 1e-6
    assert (len(multiplied) > 1) is numpys
    assert all(len(left) == 2 for left, _ in multiplied), "batches are torch's without AVX-512"


@pytest.mark.parametrize("library", [True], indirect=True)
@pytest.mark.skipif(not onednn.has_linear(), reason="torch was built without oneDNN")
def test_with_avx512_sums_over_channels_are_onednns(library, monkeypatch):
    multiplied, _ = library
    shapes, linear = [], onednn.linear

    def counted(rows, weight, bias, relu):
        shapes.append((tuple(rows.shape), tuple(weight.shape)))
        return linear(rows, weight, bias, relu)

    monkeypatch.setattr(room, "has_avx512", lambda: True)
    monkeypatch.setattr(room.onednn, "linear", counted)
    with torch.inference_mode():
        wide, square = made(32, 40, 1), made(32, 40, 7)
        assert apart(wide, PointwiseConvolution(wide, CPU), picture(2, 32, 7, 9)) <= 1e-6
        assert shapes == [((126, 32), (40, 32))]
        assert apart(square, FrequencyConvolution(square, CPU), picture(1, 32, 30, 21)) <= 1e-6
    assert not multiplied
    planes = frequency_planes(best_size(square, (1, 32, 30, 21)))
    assert len(shapes) == 1 + 1 + planes  # the pointwise one, the kernels' transform, a product a plane


@pytest.mark.parametrize(
    ("settings", "amd", "wanted"),
    [(ROOMY, True, True), (ROOMY, False, False), ({}, True, False), ({"GOMP_SPINCOUNT": "1"}, True, False)],
)
def test_numpy_multiplies_on_amds_processors_where_threads_make_room(monkeypatch, settings, amd, wanted):
    for name in ROOMY:
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(room, "_is_amd", lambda: amd)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.setattr(room.np, "show_config", lambda **_: {"Build Dependencies": {"blas": {"name": "openblas64"}}})
    assert room.numpy_is_quicker.__wrapped__("cpu") is wanted
    assert room.numpy_is_quicker.__wrapped__("cuda") is False


def test_settings_that_come_too_late_are_not_made(monkeypatch):
    for name in ROOMY:
        monkeypatch.delenv(name, raising=False)
    prepare()
    assert not ROOMY.keys() & os.environ.keys()
    assert not threads_make_room()


PROGRAM = """
import os, sys
from converter.cli import commands, main
made = {{}}
def loading(event, arguments):
    if event == "import" and arguments[0] in ("numpy", "torch"):
        made.setdefault(arguments[0], os.environ.get("OPENBLAS_THREAD_TIMEOUT"))
sys.addaudithook(loading)
code = main({arguments!r})
print(sorted(made.items()), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_the_commands_make_their_settings_before_the_libraries_are_loaded(tmp_path, command):
    (tmp_path / "w.caffemodel").write_bytes(b"no weights")
    picture = tmp_path / "image.png"
    picture.write_bytes(b"")
    words = {
        "predict": [str(picture), "-o", str(tmp_path / "out")],
        "evaluate": ["--data", "voc2012", "--root", str(tmp_path)],
    }[command]
    line = [command, "dilation8_pascal_voc", "--weights", str(tmp_path / "w.caffemodel"), *words]
    environment = {name: value for name, value in os.environ.items() if name not in ROOMY}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=line)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "('numpy', '4')" in done.stderr, done.stderr
