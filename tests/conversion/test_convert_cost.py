"""What conversion costs: memory that does not grow with the model, and no import that it does not need."""

import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors

from converter.dilatednet.zoo import find
from converter.files.stream import BlobStream
from converter.formats.protobuf.layer_definition import in_phase, record_definition
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.upgrade.upgrade import upgrade_net
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from tests.formula_weights import formula_blob, hashed_uniform
from tests.hollow_model import hollow_model
from tests.places import GOLDENS, ROOT

LIMIT = 100 * 1000 * 1000

PROGRAM = """
import sys
from pathlib import Path
import converter
converter.convert(sys.argv[1], sys.argv[2])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) * 1024)
"""  # VmHWM, not ru_maxrss, which a child process inherits from the one that forked it


def _drawn(layer: str, shape: tuple[int, ...]) -> tuple[BlobStream, BlobStream]:
    """A layer's weight and bias, hashed numbers that are made while they are written."""

    def weight() -> Iterator[np.ndarray]:
        count = math.prod(shape)
        for start in range(0, count, 1 << 22):
            yield hashed_uniform(f"{layer}/{start}", min(1 << 22, count - start))

    def bias() -> Iterator[np.ndarray]:
        yield hashed_uniform(f"{layer}/bias", shape[0])

    return BlobStream(shape, np.dtype("<f4"), weight), BlobStream(shape[:1], np.dtype("<f4"), bias)


def _model(path: Path, shapes: dict[str, tuple[int, ...]]) -> int:
    return write_caffemodel(
        path, "net", (OutputLayer(name, "Convolution", _drawn(name, shape)) for name, shape in shapes.items())
    )


def _peak(source: Path, out: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, source, out], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A caffemodel of more than 200 MB."""
    path = tmp_path_factory.mktemp("large") / "w.caffemodel"
    assert _model(path, {"a": (512, 512, 7, 7), "b": (4096, 512, 6, 5), "c": (64, 3, 3, 3)}) > 200_000_000
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak from")
@pytest.mark.parametrize("ending", [".safetensors", ".npz", ".h5", ".caffemodel"])
def test_two_hundred_megabytes_convert_in_less_than_100(large: Path, tmp_path: Path, ending: str) -> None:
    assert _peak(large, tmp_path / f"out{ending}") < LIMIT


def _full_size(path: Path) -> int:
    """dilation8_pascal_voc with the formula's weights, as Caffe would write it."""
    shapes = {step.name: step.shapes for step in find("dilation8_pascal_voc").topology.steps}
    net = upgrade_net(read_prototxt(GOLDENS / "nets/full/dilation8_pascal_voc.prototxt"))

    def layers() -> Iterator[OutputLayer]:
        for layer in net.all("layer"):
            name = layer.last("name")
            blobs = tuple(formula_blob(name, index, shape) for index, shape in enumerate(shapes.get(name, ())))
            yield OutputLayer(name, layer.last("type"), blobs, *record_definition(in_phase(layer)))

    return write_caffemodel(path, "dilation8_pascal_voc", layers())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak from")
def test_a_full_size_voc_model_converts_in_less_than_100_megabytes(tmp_path: Path) -> None:
    """141,149,720 numbers of 4 bytes, and some 4 kB of definitions (a genuine file: 564,602,191 bytes)."""
    source, out = tmp_path / "w.caffemodel", tmp_path / "w.safetensors"

    assert 4 * 141_149_720 < _full_size(source) == source.stat().st_size < 4 * 141_149_720 + 5_000
    assert _peak(source, out) < LIMIT
    with safetensors.safe_open(out, "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("ct_fc1.bias"), formula_blob("ct_fc1", 1, (672,)))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak from")
def test_a_model_larger_than_caffe_reads_converts_in_less_than_100_megabytes(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 4e9:
        pytest.skip("no room for the result's 2.3 GB")
    layers = ((f"ip{layer}", "InnerProduct", ((143_750_000, 1),)) for layer in range(4))
    assert hollow_model(tmp_path / "w.caffemodel", layers) > 2_300_000_000
    assert _peak(tmp_path / "w.caffemodel", tmp_path / "w.safetensors") < LIMIT
    with safetensors.safe_open(tmp_path / "w.safetensors", "numpy") as file:
        assert sorted(file.keys()) == [f"ip{layer}.weight" for layer in range(4)]
        assert file.get_slice("ip3.weight").get_shape() == [143_750_000, 1]
    (tmp_path / "w.safetensors").unlink()


def _imported(*words: object) -> set[str]:
    program = "import sys; from converter.cli import main; code = main(sys.argv[1:]); print(code, *sys.modules)"
    line = [sys.executable, "-c", program, *map(str, words)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0"
    return {name.partition(".")[0] for name in modules} | set(modules)


FORMATS = ROOT / "tests" / "goldens" / "nets" / "formats"
HEAVY = {"torch", "h5py", "google.protobuf", "safetensors", "requests", "PIL", "tqdm"}


def test_convert_imports_neither_torch_nor_h5py_nor_protobuf(tmp_path: Path) -> None:
    assert not HEAVY & _imported("convert", FORMATS / "v1_v2.caffemodel", tmp_path / "w.safetensors")


def test_hashing_starts_before_numpy_is_imported(tmp_path: Path) -> None:
    """The hash is the longest part of a conversion: the imports, a fifth of a second, run beside it."""
    program = f"""
import sys
from converter.files.digest import Digest
start = Digest.start
Digest.start = lambda self: (print("numpy" in sys.modules), start(self))
from converter.cli import main
main(["convert", {str(GOLDENS / "layers" / "Convolution_00.caffemodel")!r}, {str(tmp_path / "x.safetensors")!r}])
print("numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[0] == "False"
    assert done.stdout.splitlines()[-1] == "False"  # nor does anything else need it, where every number is ordinary


def test_convert_imports_no_torch_even_with_a_prototxt_or_to_hdf5(tmp_path: Path) -> None:
    words = ("convert", FORMATS / "v1_v2.caffemodel", tmp_path / "w.h5", "--prototxt", FORMATS / "v1.prototxt")
    found = _imported(*words)
    assert "torch" not in found
    assert "h5py" in found


def test_the_look_at_modules_sees_torch_where_it_is_needed(tmp_path: Path) -> None:
    assert "torch" in _imported("convert", FORMATS / "v1_v2.caffemodel", tmp_path / "w.pth")
