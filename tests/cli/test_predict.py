"""`dilatednet predict`: the files it writes, and that bad input leaves none."""

import numpy as np
import pytest
from PIL import Image

from converter.cli import main
from converter.dilatednet import find, palette, read_image
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
    numbers = tmp_path / "numbers.tiff"
    Image.fromarray(np.zeros((5, 5), np.float32)).save(numbers)
    out = tmp_path / "out"
    assert command("kitti", "--weights", KITTI, numbers, tmp_path / "none.png", picture, "-o", out) == 2
    assert sorted(path.name for path in out.iterdir()) == ["made-by.json", "street.png", "street_overlay.png"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "numbers.tiff: is floating-point grayscale" in lines[0]
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


def names_below(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def photos(tmp_path, picture):
    """A folder of three images, one of them gray and one in a folder below, with a text and a false image."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    with Image.open(picture) as image:
        image.save(folder / "a.png")
        image.convert("L").save(folder / "gray.bmp")
        image.convert("RGBA").save(folder / "below" / "b.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "false.jpg").write_text("no image")
    return folder


def test_a_folder_is_labeled_and_what_is_no_image_counted(tmp_path, photos, capsys):
    assert command("kitti", "--weights", KITTI, photos, "-o", tmp_path / "flat", "--no-overlay") == 0
    assert names_below(tmp_path / "flat") == ["a.png", "gray.png", "made-by.json"]
    assert capsys.readouterr().err.splitlines() == [
        "note: images that are not 8-bit RGB become it, as OpenCV reads them: 1 grayscale",
        f"note: files left out because they are no images: 2 ({photos}/false.jpg, {photos}/notes.txt)",
    ]
    out = photos / "out"  # within the folder that is searched: its own results are not labeled the second time
    for _ in range(2):
        assert command("kitti", "--weights", KITTI, photos, "-o", out, "--recursive", "--no-overlay") == 0
        assert names_below(out) == ["a.png", "below/b.png", "gray.png", "made-by.json"]


def test_a_pattern_is_searched_and_an_empty_one_refused(tmp_path, photos, capsys):
    pattern = f"{photos}/**/*.png"
    assert command("kitti", "--weights", KITTI, pattern, "-o", tmp_path / "out", "--no-overlay") == 0
    assert names_below(tmp_path / "out") == ["a.png", "below/b.png", "made-by.json"]
    assert command("kitti", "--weights", KITTI, f"{photos}/*.gif", "-o", tmp_path / "none") == 2
    assert "*.gif: no image is called so" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_folder_without_images_says_how_to_look_deeper(tmp_path, capsys):
    (tmp_path / "photos" / "below").mkdir(parents=True)
    assert command("kitti", "--weights", KITTI, tmp_path / "photos", "-o", tmp_path / "out") == 2
    assert "photos: holds no image; expected .png" in (said := capsys.readouterr().err)
    assert "--recursive looks into the folders below" in said


def test_the_page_holds_every_image_its_overlay_and_a_legend_and_nothing_from_outside(tmp_path, photos):
    page = tmp_path / "page.html"
    assert command("kitti", "--weights", KITTI, photos, "-o", tmp_path / "out", "--recursive", "--report", page) == 0
    text = page.read_text()
    assert "<h1>3 images labeled</h1>" in text
    assert text.count('src="data:image/jpeg;base64,') == 6
    with Image.open(tmp_path / "out/a.png") as labels:
        most = find("kitti").label_set.classes[np.bincount(np.asarray(labels).ravel()).argmax()]
    assert f"</i>{most} " in text
    for outside in ("http:", "https:", "<script", "url("):
        assert outside not in text
