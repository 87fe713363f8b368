"""Labelling images: Caffe's own label maps pixel for pixel, images of any size, and what is refused."""

import numpy as np
import pytest
import torch

from converter.dilatednet import find, palette, predict, read_image
from converter.dilatednet.inference.predict import stitch_tiles, upsample, upsample_labels
from converter.dilatednet.inference.tiles import tiles
from converter.errors import ConversionError, ImageError, ShapeError, WeightsError
from converter.report.overlay import overlay
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
    prob = stitch_tiles(zip(tiles(image.shape[:2], model.input_size), seen, strict=True)).numpy()
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
def test_images_of_any_size_get_labels_of_their_size(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    image[::16, :, 2] = 255
    module = Answer(21, 8)
    module.train()
    labels = predict(module, image)
    assert labels.shape == (height, width)
    assert len(module.seen) == -(-height // 528) * -(-width // 528)
    assert set(module.seen) == {((1, 3, 900, 900), False)}
    assert module.training


def test_tiles_of_a_net_that_upsamples_are_cut_at_the_images_edge():
    image = np.zeros((1100, 1030, 3), np.uint8)
    image[1090:, 1025:, 2] = 255
    labels = predict(Answer(19, 1), image, "cityscapes")
    assert labels.shape == (1100, 1030)
    assert labels[1090:, 1025:].all()
    assert labels.sum() == 10 * 5


def test_the_first_of_equally_probable_classes_wins():
    prob = torch.full((21, 66, 66), 1 / 21)
    assert not upsample_labels(prob, 8, (500, 333)).any()


def test_zooming_interpolates_from_the_top_left_and_repeats_the_last_cell():
    prob = np.random.default_rng(2).random((5, 7, 6), np.float32)
    values = upsample(torch.from_numpy(prob), 8, torch.arange(56), torch.arange(48)).numpy()
    for y, x in [(0, 0), (0, 47), (55, 0), (55, 47), (8, 16), (13, 29), (49, 41), (52, 3)]:
        assert np.allclose(values[:, y, x], zoomed_by_hand(prob, 8, y, x), rtol=0, atol=1e-7)
    assert np.array_equal(values[:, ::8, ::8], prob)
    assert np.array_equal(values[:, 50, 44], values[:, 48, 40])


def test_zooming_in_bands_is_zooming_at_once(monkeypatch):
    prob = torch.from_numpy(np.random.default_rng(3).random((21, 30, 20), np.float32))
    whole = upsample_labels(prob, 8, (237, 155))
    monkeypatch.setattr("converter.dilatednet.inference.predict._BAND", 21 * 155 * 10)
    assert torch.equal(upsample_labels(prob, 8, (237, 155)), whole)


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
def test_an_array_that_is_no_image_is_refused(image):
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


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES)
def test_labels_on_cuda_are_caffes_up_to_ties(case):
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    dataset = case.rsplit("_", 1)[0]
    golden, image = np.load(PREDICT / f"{case}.npz"), read_image(PREDICT / f"{case}_image.png")
    labels = predict(formula_net(dataset).cuda(), image, dataset)
    assert (labels != golden["labels"]).sum() < 1e-4 * labels.size
