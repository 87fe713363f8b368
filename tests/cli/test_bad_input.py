"""Bad input on the command line: one clear error line, exit code 2, and no output file."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from tests.places import GOLDENS, ROOT

MINI = GOLDENS / "nets/mini"
NET = MINI / "dilation7_kitti_mini.prototxt"
WEIGHTS = MINI / "dilation7_kitti_mini.caffemodel"
PICTURE = GOLDENS / "predict/kitti_370x1226_image.png"


@pytest.fixture
def refused(tmp_path, capsys):
    """Run a command that must fail; its output folder must stay empty. Gives the error line."""
    out = tmp_path / "out"
    out.mkdir()

    def run(*arguments):
        code = main([str(argument).replace("OUT", str(out)) for argument in arguments])
        seen = capsys.readouterr()
        lines = [line for line in seen.err.splitlines() if line.startswith("dilatednet ")]
        assert code == 2
        assert len(lines) == 1, seen.err
        assert "Traceback" not in seen.err
        assert list(out.iterdir()) == []
        return lines[0]

    return run


def wrong_files(folder):
    """Files that are no weights, by what they are, with a word that the error must say."""
    made = {
        "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n", "LFS"),
        "page": (b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
        "empty": (b"", "empty"),
        "image": (PICTURE.read_bytes(), "PNG"),
        "truncated": (WEIGHTS.read_bytes()[:100_000], "truncated"),
    }
    for name, (content, word) in made.items():
        path = folder / f"{name}.caffemodel"
        path.write_bytes(content)
        yield path, word


def test_files_that_are_no_weights_are_refused_by_name_and_kind(refused, tmp_path):
    checked = 0
    for path, word in wrong_files(tmp_path):
        line = refused("convert", path, "OUT/x.safetensors")
        assert str(path) in line
        assert word.lower() in line.lower(), line
        checked += 1
    assert checked == 5


@pytest.mark.parametrize("target", ["x.safetensors", "x.pth", "x.npz", "x.h5", "x.caffemodel"])
def test_nan_weights_are_refused_in_every_format(refused, tmp_path, target):
    path = tmp_path / "nan.caffemodel"
    weight = np.ones((2, 3, 1, 1), np.float32)
    weight[1, 2] = np.nan
    write_caffemodel(path, "net", [OutputLayer("conv1", "Convolution", (weight,))])

    line = refused("convert", path, f"OUT/{target}")
    assert "conv1" in line
    assert "NaN" in line


def weights_with(tmp_path, change):
    """Caffe's mini weights with one layer changed, dropped or added."""
    import converter

    layers = [(name, [blob.copy() for blob in blobs]) for name, blobs in converter.read_weights(WEIGHTS).items()]
    path = tmp_path / "changed.caffemodel"
    write_caffemodel(path, "net", [OutputLayer(name, "Convolution", tuple(blobs)) for name, blobs in change(layers)])
    return path


def test_a_missing_layer_is_named(refused, tmp_path):
    path = weights_with(tmp_path, lambda layers: [layer for layer in layers if layer[0] != "fc7"])
    line = refused("convert", path, "OUT/x.safetensors", "--prototxt", NET)

    assert "missing" in line
    assert "fc7" in line


def test_an_extra_layer_is_named(refused, tmp_path):
    path = weights_with(tmp_path, lambda layers: [*layers, ("stray", [np.ones((1, 1, 1, 1), np.float32)])])
    line = refused("convert", path, "OUT/x.safetensors", "--prototxt", NET)

    assert "stray" in line


def test_a_blob_of_another_shape_is_named_with_both_shapes(refused, tmp_path):
    def cut(layers):
        return [(name, [blobs[0][:, :-1], *blobs[1:]] if name == "fc7" else blobs) for name, blobs in layers]

    line = refused("convert", weights_with(tmp_path, cut), "OUT/x.safetensors", "--prototxt", NET)

    assert "fc7.weight" in line
    assert "128×127×1×1" in line
    assert "128×128×1×1" in line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("convolution_param {", "convolution_param ", ("expected",)),
        ("kernel_size: 3 }", "kernel_size: 3 color: 3 }", ("color", "conv1_1")),
        ('type: "ReLU"', 'type: "Relu6000"', ("Relu6000", "relu1_1")),
        ('bottom: "data"', 'bottom: "dat"', ("'dat'", "conv1_1", "'data'")),
        ('top: "pool1"', 'top: "conv1_1"', ("'conv1_1'", "already produced")),
    ],
    ids=["syntax", "unknown field", "unknown layer", "missing bottom", "duplicate top"],
)
@pytest.mark.parametrize("command", ["predict", "verify", "convert"])
def test_a_wrong_prototxt_is_refused_with_its_line(refused, tmp_path, old, new, words, command):
    path = tmp_path / "net.prototxt"
    text = NET.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    arguments = {
        "predict": ("kitti", "--weights", WEIGHTS, "--prototxt", path, PICTURE, "-o", "OUT"),
        "verify": (path, WEIGHTS, "--report", "OUT/page.html"),
        "convert": (WEIGHTS, "OUT/x.safetensors", "--prototxt", path),
    }[command]

    line = refused(command, *arguments)
    assert f"{path}:" in line
    assert all(word in line for word in words), line


def pictures(folder):
    """Images that the pipeline does not take, by kind."""
    base = Image.open(PICTURE).convert("RGB").resize((40, 30))
    made = {"numbers.tiff": base.convert("F"), "wide.tiff": base.convert("I"), "lab.tiff": Image.new("LAB", (4, 4))}
    for name, image in made.items():
        image.save(folder / name)
        yield folder / name
    (folder / "broken.png").write_bytes(PICTURE.read_bytes()[:3000])
    yield folder / "broken.png"
    (folder / "text.jpg").write_text("not an image")
    yield folder / "text.jpg"
    yield folder / "missing.png"


def test_images_of_other_kinds_are_refused_one_by_one(refused, tmp_path):
    checked = 0
    for path in pictures(tmp_path):
        line = refused("predict", "kitti", "--weights", WEIGHTS, path, "-o", "OUT")
        assert str(path) in line
        checked += 1
    assert checked == 6


def test_a_good_image_is_labelled_although_another_is_bad(tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"x")
    small = tmp_path / "small.png"
    Image.open(PICTURE).convert("RGB").resize((20, 10)).save(small)

    code = main(["predict", "kitti", "--weights", str(WEIGHTS), str(bad), str(small), "-o", str(tmp_path / "o")])

    assert code == 2
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "made-by.json",
        "small.png",
        "small_overlay.png",
    ]
    assert "bad.png" in capsys.readouterr().err


def test_a_missing_folder_and_a_full_path_are_refused(refused, tmp_path):
    line = refused("convert", WEIGHTS, tmp_path / "nowhere" / "x.safetensors")

    assert "nowhere" in line


def test_no_temporary_file_is_left_when_conversion_fails_midway(tmp_path):
    """The source is cut after its first layers: reading goes well for a while."""
    source = tmp_path / "cut.caffemodel"
    source.write_bytes(WEIGHTS.read_bytes()[:600_000])
    code = main(["convert", str(source), str(tmp_path / "x.safetensors")])

    assert code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["cut.caffemodel"]


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["convert"], ["predict", "kitti"]])
def test_wrong_usage_exits_with_2_and_says_how(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "converter", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "usage: dilatednet" in done.stderr


def test_an_unknown_model_lists_the_known_ones(refused):
    line = refused("predict", "pascal_vok", "--weights", WEIGHTS, PICTURE, "-o", "OUT")

    assert "dilation8_pascal_voc" in line


def test_the_source_survives_a_conversion_onto_itself(tmp_path, capsys):
    copy = tmp_path / "w.caffemodel"
    shutil.copy(WEIGHTS, copy)

    assert main(["convert", str(copy), str(copy)]) == 2
    assert copy.read_bytes() == WEIGHTS.read_bytes()
