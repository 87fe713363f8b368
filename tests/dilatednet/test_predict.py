"""Labelling pictures: Caffe's own label maps pixel for pixel, tiles of any size, and the command."""

import numpy as np
import pytest
import torch
from PIL import Image

from converter.cli import main
from converter.dilatednet import find, palette, predict, read_image
from converter.dilatednet.draw import overlay
from converter.dilatednet.prediction import joined, zoomed, zoomed_labels
from converter.dilatednet.tiles import along, cut, reflect101, tiles
from converter.errors import ConversionError, ImageError, ShapeError, WeightsError
from tests.dilatednet.formula_nets import formula_net
from tests.places import GOLDENS

PREDICT = GOLDENS / "predict"
CASES = sorted(path.stem for path in PREDICT.glob("*.npz"))
KITTI = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel"


def zoomed_by_hand(prob: np.ndarray, zoom: int, y: int, x: int) -> np.ndarray:
    """One pixel's probabilities, interpolated from cells whose top-left pixels are `zoom` apart; edges repeat."""
    last_row, last_column = prob.shape[1] - 1, prob.shape[2] - 1
    row, column = y // zoom, x // zoom
    below, beside = min(row + 1, last_row), min(column + 1, last_column)
    row, column = min(row, last_row), min(column, last_column)
    down, across = y / zoom - y // zoom, x / zoom - x // zoom
    left = (1 - down) * prob[:, row, column].astype(float) + down * prob[:, below, column]
    right = (1 - down) * prob[:, row, beside].astype(float) + down * prob[:, below, beside]
    return (1 - across) * left + across * right


@pytest.mark.parametrize("case", CASES)
def test_labels_are_caffes_pixel_for_pixel_up_to_ties(case):
    dataset = case.rsplit("_", 1)[0]
    golden, image, model = np.load(PREDICT / f"{case}.npz"), read_image(PREDICT / f"{case}_image.png"), find(dataset)
    net = formula_net(dataset)
    seen: list[torch.Tensor] = []
    net.register_forward_hook(lambda _module, _inputs, output: seen.append(output[0]))
    labels = predict(net, image, dataset)
    assert labels.dtype == np.uint8
    assert labels.shape == golden["labels"].shape
    prob = joined(zip(tiles(image.shape[:2], model.input_size), seen, strict=True)).numpy()
    if "prob" in golden:
        assert np.abs(prob[:, ::3, ::3] - golden["prob"]).max() <= 2e-4
    differing = np.argwhere(labels != golden["labels"])
    assert len(differing) < 1e-4 * labels.size
    for y, x in differing:
        values = zoomed_by_hand(prob, model.label_set.zoom, int(y), int(x))
        assert values[labels[y, x]] - values[golden["labels"][y, x]] <= 1e-5, (y, x)


class Answer(torch.nn.Module):
    """A net whose answer to a tile is its blue channel's cells as class 1's probability, at an eighth or full size."""

    def __init__(self, classes: int, zoom: int) -> None:
        super().__init__()
        self.classes, self.zoom, self.seen = classes, zoom, []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append((tuple(x.shape), self.training))
        cells = (x[:, :1, 186:-186:, 186:-186] + 128)[:, :, :: self.zoom, :: self.zoom] / 512
        return torch.cat([0.5 - cells, cells, *[cells * 0] * (self.classes - 2)], dim=1)


SIDES = [1, 2, 7, 8, 9, 185, 373, 521, 527, 528, 529, 1057]


@pytest.mark.parametrize("height", SIDES)
@pytest.mark.parametrize("width", [1, 500, 528, 529])
def test_pictures_of_any_size_get_labels_of_their_size(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    image[::16, :, 2] = 255
    module = Answer(21, 8)
    module.train()
    labels = predict(module, image)
    assert labels.shape == (height, width)
    assert len(module.seen) == -(-height // 528) * -(-width // 528)
    assert set(module.seen) == {((1, 3, 900, 900), False)}
    assert module.training


def test_tiles_of_a_net_that_upsamples_are_cut_at_the_pictures_edge():
    image = np.zeros((1100, 1030, 3), np.uint8)
    image[1090:, 1025:, 2] = 255
    labels = predict(Answer(19, 1), image, "cityscapes")
    assert labels.shape == (1100, 1030)
    assert labels[1090:, 1025:].all()
    assert labels.sum() == 10 * 5


def test_the_first_of_equally_probable_classes_wins():
    prob = torch.full((21, 66, 66), 1 / 21)
    assert not zoomed_labels(prob, 8, (500, 333)).any()


def test_zooming_interpolates_from_the_top_left_and_repeats_the_last_cell():
    prob = np.random.default_rng(2).random((5, 7, 6), np.float32)
    values = zoomed(torch.from_numpy(prob), 8, torch.arange(56), torch.arange(48)).numpy()
    for y, x in [(0, 0), (0, 47), (55, 0), (55, 47), (8, 16), (13, 29), (49, 41), (52, 3)]:
        assert np.allclose(values[:, y, x], zoomed_by_hand(prob, 8, y, x), rtol=0, atol=1e-7)
    assert np.array_equal(values[:, ::8, ::8], prob)
    assert np.array_equal(values[:, 50, 44], values[:, 48, 40])


def test_zooming_in_bands_is_zooming_at_once(monkeypatch):
    prob = torch.from_numpy(np.random.default_rng(3).random((21, 30, 20), np.float32))
    whole = zoomed_labels(prob, 8, (237, 155))
    monkeypatch.setattr("converter.dilatednet.prediction._BAND", 21 * 155 * 10)
    assert np.array_equal(zoomed_labels(prob, 8, (237, 155)), whole)


def padded_by_opencv(image: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """Tiles made as the original makes them: padding, windows, and padding again, by OpenCV."""
    cv2 = pytest.importorskip("cv2")
    padded = cv2.copyMakeBorder(image[:, :, ::-1], 186, 186, 186, 186, cv2.BORDER_REFLECT_101)
    made = []
    for top in range(0, image.shape[0], size[0] - 372):
        for left in range(0, image.shape[1], size[1] - 372):
            part = padded[top : top + size[0], left : left + size[1]]
            missing = (0, size[0] - part.shape[0], 0, size[1] - part.shape[1])
            made.append(cv2.copyMakeBorder(part, *missing, cv2.BORDER_REFLECT_101))
    return made


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (2, 3), (97, 61), (300, 187), (41, 130), (60, 61)])
@pytest.mark.parametrize("size", [(432, 412), (380, 900)])
def test_tiles_are_opencvs_reflections_however_often_they_bounce(shape, size):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    ours = [cut(image, tile, (0, 0, 0)) for tile in tiles(shape, size)]
    theirs = padded_by_opencv(image, size)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == (1, 3, *size)
        assert a.flags.c_contiguous
        assert np.array_equal(a[0].transpose(1, 2, 0), b)


def test_reflection_is_the_specs_example():
    row = np.array(list("abcd"))
    assert "".join(row[reflect101(np.arange(-2, 9), 4)]) == "cbabcdcbabc"
    assert reflect101(np.arange(-3, 3), 1).tolist() == [0] * 6


def test_the_mean_is_taken_off_in_float32_and_the_channels_are_turned():
    image = np.array([[[10, 20, 30]]], np.uint8)
    x = cut(image, next(tiles((1, 1), (373, 373))), (102.93, 111.36, 116.52))
    expected = [np.float32(v) - np.float32(m) for v, m in ((30, 102.93), (20, 111.36), (10, 116.52))]
    assert x.dtype == np.float32
    assert x[0, :, 5, 5].tolist() == expected


def test_a_tile_no_larger_than_the_margins_is_refused():
    with pytest.raises(ShapeError, match="372"):
        list(along(10, 372))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
        None,
    ],
)
def test_an_array_that_is_no_picture_is_refused(image):
    with pytest.raises(ImageError):
        predict(Answer(21, 8), image)


def test_a_net_of_another_data_set_is_refused():
    image = np.zeros((5, 5, 3), np.uint8)
    with pytest.raises(ShapeError, match="data set"):
        predict(Answer(11, 8), image)
    with pytest.raises(ConversionError, match="not a known model"):
        predict(Answer(11, 8), image, "ade20k")


def test_a_net_that_answers_nan_is_refused():
    net = formula_net("kitti")
    with torch.no_grad():
        net.get_submodule("conv3_2").weight[1, 2, 0, 0] = float("nan")
    with pytest.raises(WeightsError, match="NaN"):
        predict(net, np.zeros((9, 9, 3), np.uint8), "kitti")


class Named(torch.nn.Module):
    """An answer in a dict, as CaffeModule gives it."""

    def __init__(self, **renamed: str) -> None:
        super().__init__()
        self.net, self.renamed = Answer(21, 8), renamed

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {new: self.net(x) for new in self.renamed.values()}


def test_answers_may_come_by_name():
    image = np.zeros((9, 9, 3), np.uint8)
    expected = predict(Answer(21, 8), image)
    assert np.array_equal(predict(Named(a="prob", b="fc-final"), image), expected)
    assert np.array_equal(predict(Named(a="only"), image), expected)
    with pytest.raises(ShapeError, match="a, b"):
        predict(Named(a="a", b="b"), image)


def test_an_overlay_mixes_halves_and_leaves_the_background_alone():
    image = np.array([[[100, 101, 102], [10, 20, 30]]], np.uint8)
    mixed = overlay(image, np.array([[0, 1]], np.uint8), palette("pascal_voc"))
    assert mixed.tolist() == [[[100, 101, 102], [69, 10, 15]]]


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "street.png"
    Image.fromarray(np.random.default_rng(8).integers(0, 256, (37, 61, 3), dtype=np.uint8)).save(path)
    return path


def command(*words) -> int:
    return main(["predict", *map(str, words)])


def test_the_command_writes_caffes_labels_as_a_palette_picture_and_an_overlay(tmp_path, capsys):
    source = PREDICT / "kitti_370x1226_image.png"
    assert command("kitti", "--weights", KITTI, source, "-o", tmp_path / "new" / "out") == 0
    out = tmp_path / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "kitti_370x1226_image.png",
        "kitti_370x1226_image_overlay.png",
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
    converter = pytest.importorskip("converter")
    if not hasattr(converter, "load"):
        pytest.skip("no CaffeModule yet")
    net = PREDICT / "dilation7_kitti_mini.prototxt"
    assert command("kitti", "--weights", KITTI, picture, "-o", tmp_path / "a", "--no-overlay") == 0
    assert command("kitti", "--weights", KITTI, picture, "-o", tmp_path / "b", "--no-overlay", "--prototxt", net) == 0
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["street.png"]
    with Image.open(tmp_path / "a" / "street.png") as a, Image.open(tmp_path / "b" / "street.png") as b:
        assert np.array_equal(np.array(a), np.array(b))


def test_a_bad_picture_is_told_of_and_the_others_are_labelled(tmp_path, picture, capsys):
    gray = tmp_path / "gray.png"
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(gray)
    out = tmp_path / "out"
    assert command("kitti", "--weights", KITTI, gray, tmp_path / "none.png", picture, "-o", out) == 2
    assert sorted(path.name for path in out.iterdir()) == ["street.png", "street_overlay.png"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "gray.png: is grayscale" in lines[0]
    assert "none.png: no such picture" in lines[1]


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


def test_two_pictures_of_one_name_and_a_picture_in_the_way_are_refused(tmp_path, picture, capsys):
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


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES)
def test_labels_on_cuda_are_caffes_up_to_ties(case):
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    dataset = case.rsplit("_", 1)[0]
    golden, image = np.load(PREDICT / f"{case}.npz"), read_image(PREDICT / f"{case}_image.png")
    labels = predict(formula_net(dataset).cuda(), image, dataset)
    assert (labels != golden["labels"]).sum() < 1e-4 * labels.size
