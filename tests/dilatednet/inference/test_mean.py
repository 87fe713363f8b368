"""`predict(mean=)` and `--mean`: a pixel, a mean.binaryproto of the input's size, and one clear error otherwise."""

import numpy as np
import pytest
import torch
from PIL import Image

from converter.cli import main
from converter.cli._mean import mean_argument
from converter.data.input_mean import fit_mean
from converter.dilatednet import find, predict
from converter.errors import ImageError
from converter.verify.inputs import image_inputs
from tests.places import GOLDENS
from tests.verify.test_verify_inputs import image_net
from tests.wire_bytes import packed

KITTI = GOLDENS / "nets" / "mini" / "dilation7_kitti_mini.caffemodel"
SIZE = (380, 380)
"""A tile of one cell: 380 less twice the margin of 186 is 8."""

PIXEL = np.full((1, 1, 3), (30, 20, 10), np.uint8)
"""R, G, B; a tile of it is the same everywhere, as reflection has nothing else to show."""

IMAGE = np.arange(3 * 380 * 380, dtype=np.float32).reshape(3, *SIZE) / 1000


class Probe(torch.nn.Module):
    """Keeps what it is fed."""

    def forward(self, x):
        self.seen = x
        return torch.full((1, 11, 1, 1), 1 / 11)


@pytest.mark.parametrize(
    "mean", [(1, 2, 4), np.array([[[1]], [[2]], [[4]]]), np.ones((3, 9, 9)) * [[[1]], [[2]], [[4]]]]
)
def test_a_mean_of_one_pixel_is_taken_off_everywhere(mean):
    """B 10 - 1, G 20 - 2, R 30 - 4; an image that is the same everywhere is a pixel."""
    probe = Probe()
    predict(probe, PIXEL, "kitti", input_size=SIZE, mean=mean)
    assert torch.equal(probe.seen, torch.tensor([9.0, 18, 26])[None, :, None, None].expand(1, 3, *SIZE))


def test_a_mean_of_the_tiles_size_is_taken_off_place_by_place():
    probe = Probe()
    predict(probe, PIXEL, "kitti", input_size=SIZE, mean=IMAGE)
    assert np.array_equal(probe.seen[0].numpy(), np.float32([10, 20, 30])[:, None, None] - IMAGE)


@pytest.mark.parametrize(
    ("mean", "says"),
    [
        (IMAGE[:, :2, :2], r"a mean of 3×2×2 for an input of 3×380×380; .* means of its channels, 0.19,144.59,288.99"),
        (np.zeros((4, 4)), "a mean of shape 4×4"),
        (np.zeros(2), "a mean of shape 2×1×1"),
    ],
)
def test_another_size_is_one_error_that_offers_the_channels_means(mean, says):
    """The channels' corners are 0, 0.001, 0.38, 0.381, 144.4 more in each next channel: 0.1905, 144.5905, 288.9905."""
    with pytest.raises(ImageError, match=says):
        predict(Probe(), PIXEL, "kitti", input_size=SIZE, mean=mean)


def test_an_accelerated_net_takes_both(tmp_path):
    """A mean image that is a pixel but for one place beyond the picture gives the pixel's labels."""
    from converter.dilatednet import load
    from converter.fast import accelerate

    image = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    net = accelerate(load("kitti", KITTI))
    size = find("kitti").input_size
    pixel = predict(net, image, "kitti", mean=(90, 100, 110))
    place = np.ones((3, *size), np.float32) * [[[90]], [[100]], [[110]]]
    place[0, -1, -1] = 0
    assert (predict(net, image, "kitti", mean=place) == pixel).mean() > 0.99


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(np.random.default_rng(8).integers(0, 256, (9, 7, 3), dtype=np.uint8)).save(tmp_path / "p.png")
    return tmp_path / "p.png"


def labels(folder, picture, *words):
    assert (
        main([*map(str, ("predict", "kitti", "--weights", KITTI, picture, "-o", folder, "--no-overlay", *words))]) == 0
    )
    return np.asarray(Image.open(folder / "p.png"))


def test_predict_takes_numbers_or_a_file(tmp_path, picture):
    mean = find("kitti").label_set.mean
    (tmp_path / "mean.binaryproto").write_bytes(packed(np.float32(mean)[:, None, None]))
    plain = labels(tmp_path / "a", picture)
    assert np.array_equal(labels(tmp_path / "b", picture, "--mean", ",".join(map(str, mean))), plain)
    assert np.array_equal(labels(tmp_path / "c", picture, "--mean", tmp_path / "mean.binaryproto"), plain)
    assert not np.array_equal(labels(tmp_path / "d", picture, "--mean=250,-250,250"), plain)


def test_predict_refuses_a_mean_of_another_size_before_it_writes(tmp_path, picture, capsys):
    np.save(tmp_path / "mean.npy", IMAGE)
    words = ["predict", "kitti", "--weights", KITTI, picture, "-o", tmp_path / "out", "--mean", tmp_path / "mean.npy"]
    assert main([*map(str, words)]) == 2
    told = capsys.readouterr().err
    assert "mean.npy: a mean of 3×380×380 for an input of 3×" in told
    assert "give the means of its channels, 72.20,216.60,361.00" in told  # (144400 - 1) / 2000, 144.4 more each
    assert not (tmp_path / "out").exists()


def test_the_folder_remembers_the_mean(tmp_path, picture, capsys):
    labels(tmp_path / "a", picture, "--mean", "1,2,3")
    words = ["predict", "kitti", "--weights", KITTI, picture, "-o", tmp_path / "a", "--no-overlay", "--mean", "3,2,1"]
    assert main([*map(str, words)]) == 2
    assert "--afresh" in capsys.readouterr().err


def test_verify_takes_a_file_of_the_inputs_size(tmp_path, picture, capsys):
    net = tmp_path / "net.prototxt"
    plan = image_net(tmp_path, "any", 9, 7)
    mean = np.arange(3 * 9 * 7, dtype=np.float32).reshape(3, 9, 7)
    (tmp_path / "mean.binaryproto").write_bytes(packed(mean))
    inputs, seen = image_inputs(plan, picture, mean)
    assert np.array_equal(inputs["data"][0], seen[:, :, ::-1].transpose(2, 0, 1) - mean)
    assert main(["verify", str(net), "--image", str(picture), "--mean", str(tmp_path / "mean.binaryproto")]) == 0
    np.save(tmp_path / "other.npy", mean[:, :8])
    assert main(["verify", str(net), "--image", str(picture), "--mean", str(tmp_path / "other.npy")]) == 2
    assert "other.npy: a mean of 3×8×7 for an input of 3×9×7" in capsys.readouterr().err


def test_what_is_neither_numbers_nor_a_file_is_told(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["predict", "kitti", "--weights", "w", "p.png", "-o", "out", "--mean", "1,2"])
    assert stopped.value.code == 2
    assert "expected B,G,R, for example 104,117,123, or a file of a mean" in capsys.readouterr().err
    assert mean_argument("1,2,3.5") == (1, 2, 3.5)


def test_a_mean_that_fits_is_float32_and_not_copied_larger_than_need_be():
    assert fit_mean(np.array([1.0, 2, 3]), (5, 5)).shape == (3, 1, 1)
    assert fit_mean(IMAGE, SIZE).shape == IMAGE.shape
