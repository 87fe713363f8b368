"""`predict` with a dense CRF: probabilities of every pixel, then labels that follow the image's edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from converter.cli import main
from converter.dilatednet import find, predict
from converter.dilatednet.inference.crf import PRESETS, make_crf
from converter.dilatednet.inference.predict import image_probabilities, upsample_labels
from converter.dilatednet.inference.tiles import Tile
from converter.errors import ConversionError
from converter.files.folder_record import read_record
from tests.places import GOLDENS

KITTI = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel"
VOC = find("pascal_voc")


class Blotches(torch.nn.Module):
    """Probabilities for 90 × 90 pixels, at an eighth of the resolution: class 1 in the middle, whatever the image."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        prob = torch.full((x.shape[0], 21, 12, 12), 0.3 / 20)
        prob[:, 0] = 0.7
        prob[:, 0, 3:8, 3:8], prob[:, 1, 3:8, 3:8] = 0.3 / 20, 0.7
        return prob


def square_image() -> np.ndarray:
    """A dark square from 24 to 66 on a light ground, 90 × 90."""
    image = np.full((90, 90, 3), 220, np.uint8)
    image[24:66, 24:66] = 40
    return image


def test_labels_follow_the_image() -> None:
    image, truth = square_image(), np.zeros((90, 90), np.uint8)
    truth[24:66, 24:66] = 1
    net, size = Blotches(), (90 + 372, 90 + 372)
    plain = predict(net, image, input_size=size)
    sharp = predict(net, image, input_size=size, crf=make_crf("deeplab"))
    assert sharp.dtype == np.uint8
    assert (plain != truth).sum() > 300
    assert (sharp != truth).sum() < 40


def test_probabilities_of_every_pixel_have_the_labels_of_predict() -> None:
    draws = torch.Generator().manual_seed(1)
    prob = torch.rand(21, 5, 6, generator=draws).softmax(0)
    outputs = [(Tile(np.arange(1), np.arange(1), 0, 0), prob)]
    whole = image_probabilities(outputs, VOC, (37, 44))
    assert whole.shape == (21, 37, 44)
    assert torch.equal(whole.argmax(0).to(torch.uint8), upsample_labels(prob, 8, (37, 44)))


def test_a_net_that_upsamples_is_cut_to_the_image() -> None:
    prob = torch.rand(19, 16, 16)
    outputs = [(Tile(np.arange(1), np.arange(1), 0, 0), prob)]
    assert torch.equal(image_probabilities(outputs, find("cityscapes"), (9, 12)), prob[:, :9, :12])


def test_presets_are_the_published_numbers_and_others_are_refused() -> None:
    crf = make_crf("crf-rnn")
    assert (crf.color_weight, crf.color_position_std, crf.color_std) == (5, 160, 3)
    assert (crf.position_weight, crf.position_std, crf.iterations) == (3, 3, 10)
    with pytest.raises(ConversionError, match=r"'deep'; there are deeplab, deeplab-msc, deeplab-coco, crf-rnn"):
        make_crf("deep")
    assert set(PRESETS) == {"deeplab", "deeplab-msc", "deeplab-coco", "crf-rnn"}


def test_the_command_takes_it_and_records_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "street.png", tmp_path / "out"
    Image.fromarray(square_image()).save(path)
    words = ["predict", "kitti", "--weights", str(KITTI), str(path), "-o", str(out), "--no-overlay"]
    assert main([*words, "--crf"]) == 0
    record = read_record(out)["label images"]
    assert record["crf"] == "deeplab"
    assert main(words) == 2
    assert "crf" in capsys.readouterr().err
    assert main([*words, "--crf", "none"]) == 2
    assert "there are deeplab" in capsys.readouterr().err
