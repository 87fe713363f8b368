"""torchvision's VGG-16 as the front end's start, against torchvision's own arithmetic done by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from converter.dilatednet.training.vgg import from_torchvision
from converter.errors import WeightsError

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
VOC_MEAN = (102.93, 111.36, 116.52)


def torchvision_state(narrow: int = 32) -> dict[str, torch.Tensor]:
    """A state dict with torchvision's vgg16 names, its widths divided by `narrow`, random values."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = {}
    place, inputs = 0, 3
    for count, width in BLOCKS:
        for _ in range(count):
            state[f"features.{place}.weight"] = torch.randn(width // narrow, inputs, 3, 3, generator=generator)
            state[f"features.{place}.bias"] = torch.randn(width // narrow, generator=generator)
            inputs, place = width // narrow, place + 2
        place += 1
    for index, (outputs, columns) in enumerate(((8, inputs * 49), (8, 8), (10, 8))):
        state[f"classifier.{3 * index}.weight"] = torch.randn(outputs, columns, generator=generator)
        state[f"classifier.{3 * index}.bias"] = torch.randn(outputs, generator=generator)
    return state


def test_the_first_layer_answers_as_torchvisions_on_the_same_image() -> None:
    state = torchvision_state()
    named = from_torchvision(state, VOC_MEAN)
    picture = np.random.default_rng(1).integers(0, 256, (9, 11, 3)).astype(np.uint8)  # R, G, B
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    theirs = torch.tensor(((picture / 255 - mean) / deviation).transpose(2, 0, 1)[None])
    ours = torch.tensor((picture[..., ::-1] - np.array(VOC_MEAN)).transpose(2, 0, 1)[None].copy())
    expected = F.conv2d(theirs, state["features.0.weight"].double(), state["features.0.bias"].double())
    actual = F.conv2d(ours, named["conv1_1.weight"].double(), named["conv1_1.bias"].double())
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-4)


def test_one_tap_is_folded_as_by_hand() -> None:
    state = torchvision_state()
    weight = torch.zeros(2, 3, 3, 3)
    weight[0, 0, 1, 1] = 2.0  # red
    state["features.0.weight"], state["features.0.bias"] = weight, torch.tensor([0.5, 0.25])
    named = from_torchvision(state, (10.0, 20.0, 30.0))
    assert named["conv1_1.weight"][0, 2, 1, 1].item() == pytest.approx(2 / (255 * 0.229), rel=1e-6)
    assert named["conv1_1.weight"].count_nonzero() == 1
    assert named["conv1_1.bias"][0].item() == pytest.approx(0.5 + 2 * (30 / 255 - 0.485) / 0.229, rel=1e-6)
    assert named["conv1_1.bias"][1].item() == 0.25


def test_every_convolution_finds_its_name() -> None:
    state = torchvision_state()
    named = from_torchvision(state, VOC_MEAN)
    assert torch.equal(named["conv2_1.weight"], state["features.5.weight"])
    assert torch.equal(named["conv3_3.bias"], state["features.14.bias"])
    assert torch.equal(named["conv5_3.weight"], state["features.28.weight"])
    assert len(named) == 2 * (13 + 2)


def test_fc6_as_a_convolution_answers_as_the_matrix() -> None:
    state = torchvision_state()
    named = from_torchvision(state, VOC_MEAN)
    x = torch.randn(1, 16, 7, 7, generator=torch.Generator().manual_seed(2))
    matrix = F.linear(x.flatten(1), state["classifier.0.weight"], state["classifier.0.bias"])
    convolution = F.conv2d(x, named["fc6.weight"], named["fc6.bias"])
    torch.testing.assert_close(convolution[:, :, 0, 0], matrix, rtol=1e-5, atol=1e-4)
    assert named["fc7.weight"].shape == (8, 8, 1, 1)


def test_batch_normalised_vgg_is_refused() -> None:
    state = {f"features.{place}.weight": torch.zeros(1) for place in (0, 1, 3, 4)} | {
        "classifier.0.weight": torch.zeros(1)
    }
    with pytest.raises(WeightsError, match="not torchvision's vgg16"):
        from_torchvision(state, VOC_MEAN)
