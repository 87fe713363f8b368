"""`dilatednet predict`: the files it writes, and that bad input leaves none."""

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.dilatednet import palette, read_image
from converter.report.overlay import overlay
from tests.places import GOLDENS

PREDICT = GOLDENS / "predict"
KITTI = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel"


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "street.png"
    Image.fromarray(np.random.default_rng(8).integers(0, 256, (37, 61, 3), dtype=np.uint8)).save(path)
    return path


def command(*words) -> int:
    return main(["predict", *map(str, words)])


def test_the_command_writes_caffes_labels_as_a_palette_image_and_an_overlay(tmp_path, capsys):
    source = PREDICT / "kitti_370x1226_image.png"
    assert command("kitti", "--weights", KITTI, source, "-o", tmp_path / "new" / "out") == 0
    out = tmp_path / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "kitti_370x1226_image.png",
        "kitti_370x1226_image_overlay.png",
        "made-by.json",
    ]
    with Image.open(out / "kitti_370x1226_image.png") as answer:
        assert answer.mode == "P"
        labels, table = np.array(answer), answer.getpalette()
    assert (labels != np.load(PREDICT / "kitti_370x1226.npz")["labels"]).sum() <= 5
    assert np.array_equal(np.array(table[:33]).reshape(11, 3), palette("kitti"))
    expected = overlay(read_image(source), labels, palette("kitti"))
    assert np.array_equal(read_image(out / "kitti_370x1226_image_overlay.png"), expected)
    assert "%" in capsys.readouterr().out


def test_the_command_can_run_caffes_net_layer_by_layer(tmp_path, picture):
    net = PREDICT / "dilation7_kitti_mini.prototxt"
    assert command("kitti", "--weights", KITTI, picture, "-o", tmp_path / "a", "--no-overlay") == 0
    assert command("kitti", "--weights", KITTI, picture, "-o", tmp_path / "b", "--no-overlay", "--prototxt", net) == 0
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["made-by.json", "street.png"]
    with Image.open(tmp_path / "a" / "street.png") as a, Image.open(tmp_path / "b" / "street.png") as b:
        assert np.array_equal(np.array(a), np.array(b))


def test_a_bad_image_is_told_of_and_the_others_are_labelled(tmp_path, picture, capsys):
    gray = tmp_path / "gray.png"
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(gray)
    out = tmp_path / "out"
    assert command("kitti", "--weights", KITTI, gray, tmp_path / "none.png", picture, "-o", out) == 2
    assert sorted(path.name for path in out.iterdir()) == ["made-by.json", "street.png", "street_overlay.png"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "gray.png: is grayscale" in lines[0]
    assert "none.png: no such image" in lines[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("kitty", "--weights", KITTI), "did you mean kitti"),
        (("vgg_conv", "--weights", KITTI), "no classes"),
        (("dilation8_camvid", "--weights", KITTI), "ctx_conv5_1"),
        (("kitti", "--weights", "none.caffemodel"), "none.caffemodel"),
        (("kitti", "--weights", PREDICT / "kitti_370x1226_image.png"), "kitti_370x1226_image.png"),
        (("kitti", "--weights", KITTI, "--device", "abacus"), "abacus"),
    ],
)
def test_what_cannot_run_is_one_error_with_exit_code_2_and_no_output(tmp_path, picture, capsys, words, says):
    assert command(*words, picture, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("dilatednet predict: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_two_images_of_one_name_and_a_image_in_the_way_are_refused(tmp_path, picture, capsys):
    other = tmp_path / "other" / "street.png"
    other.parent.mkdir()
    other.write_bytes(picture.read_bytes())
    twin = picture.with_name("street_overlay.png")
    twin.write_bytes(picture.read_bytes())
    before = picture.read_bytes()
    for sources, folder in (
        ((picture, other), tmp_path / "out"),
        ((picture, twin), tmp_path / "out"),
        ((picture, picture), tmp_path / "out"),
        ((picture,), tmp_path),
    ):
        assert command("kitti", "--weights", KITTI, *sources, "-o", folder) == 2
        assert "street" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert picture.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, picture, capsys):
    (tmp_path / "file").write_text("in the way")
    assert command("kitti", "--weights", KITTI, picture, "-o", tmp_path / "file") == 2
    assert "cannot be made" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["tf32", "float16"])
def test_a_type_that_only_cuda_computes_in_is_refused_on_the_cpu(tmp_path, picture, capsys, dtype):
    weights = GOLDENS / "nets/mini/dilation7_kitti_mini.caffemodel"
    given = ["predict", "kitti", "--weights", str(weights), "--dtype", dtype, str(picture), "-o", str(tmp_path / "out")]
    assert main(given) == 2
    assert f"--dtype {dtype} on cpu" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_another_nets_labels_is_refused_unless_begun_afresh(tmp_path, picture, capsys):
    given = ("kitti", "--weights", KITTI, picture, "-o", tmp_path / "out")
    assert command(*given) == 0
    assert command(*given) == 0
    assert command(*given, "--dtype", "bfloat16") == 2
    assert "label images were made otherwise: dtype was float32, now bfloat16; " in capsys.readouterr().err
    assert command(*given, "--dtype", "bfloat16", "--afresh") == 0
    assert command(*given) == 2
