"""The net that a run writes beside its weights: Caffe's prototxt of the same layers, which every command takes."""

from pathlib import Path

import pytest
import torch

import converter
from converter.dilatednet.training.recipes import recipe
from converter.dilatednet.training.result import write_net, write_weights
from converter.dilatednet.training.stages import build_stage

NARROW = {"width": 2, "fc_width": 8, "classes": 3}


@pytest.mark.parametrize(
    ("preset", "stage", "numbers"),
    [
        ("voc", "frontend", {}),
        ("camvid", "frontend", {"upsampled_labels": True}),
        ("voc", "joint", {"context": "large"}),
        ("kitti", "joint", {}),
        ("cityscapes", "joint", {"context": "basic"}),
    ],
)
def test_a_runs_prototxt_takes_its_weights_and_computes_the_same(
    tmp_path: Path, preset: str, stage: str, numbers: dict[str, object]
):
    torch.manual_seed(1)
    chosen = recipe(preset, stage, **NARROW, **numbers)
    net = build_stage(chosen)
    weights, text = write_weights(tmp_path, net, chosen, 1), write_net(tmp_path, net, chosen)
    x = 50 * torch.randn(1, 3, 404, 396)
    loaded = converter.load(text, weights, inputs={"data": tuple(x.shape)})
    with torch.no_grad():
        torch.testing.assert_close(loaded(data=x)["prob"], converter.dilatednet.load(tmp_path)(x))


def test_a_context_runs_prototxt_begins_at_the_front_ends_logits(tmp_path: Path):
    chosen = recipe("voc", "context", **NARROW, context="large")
    net = build_stage(chosen)
    weights, text = write_weights(tmp_path, net, chosen, 1), write_net(tmp_path, net, chosen)
    loaded = converter.load(text, weights)
    assert loaded.inputs == {"fc-final": (1, 3, 66, 66)}  # VOC's classifier; (900 - 372) / 8 cells of its tile
    x = torch.randn(1, 3, 66, 66)
    with torch.no_grad():
        torch.testing.assert_close(loaded(**{"fc-final": x})["prob"], net(x).softmax(dim=1))
