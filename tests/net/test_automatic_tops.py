"""Losses without a top: both programs give them one, which trains the net and stands in no saved file."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import converter
import reference
from converter.layers.layer import operator_types
from converter.net.automatic_tops import automatic_tops

NET = """
name: "untopped"
layer {{ name: "data" type: "Input" top: "data" top: "label"
        input_param {{ shape {{ dim: 2 dim: 3 }} shape {{ dim: 2 dim: 3 }} }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
        inner_product_param {{ num_output: 3 weight_filler {{ type: "constant" value: 0.5 }} }} }}
{losses}
"""
LOSS = 'layer {{ name: "{name}" type: "EuclideanLoss" bottom: "ip" bottom: "label" {more} }}\n'


def written(folder, *names, more=""):
    path = folder / "net.prototxt"
    path.write_text(NET.format(losses="".join(LOSS.format(name=name, more=more) for name in names)))
    return path


def values():
    data = np.arange(6, dtype=np.float32).reshape(2, 3)
    return {"data": data, "label": np.ones((2, 3), np.float32)}


BY_HAND = ((1.5 - 1) ** 2 * 3 + (6 - 1) ** 2 * 3) / 4
"""Rows 0, 1, 2 and 3, 4, 5 times 0.5: 1.5 and 6, three times each; half the squares by item."""


@pytest.mark.parametrize(
    ("names", "tops"),
    [(["loss"], ["loss"]), (["one", "two"], ["one", "two"]), (["label"], ["label_loss"]), ([""], ["loss"])],
    ids=["its name", "two", "a blob's name", "no name"],
)
def test_a_loss_without_a_top_is_an_output_under_its_own_name(tmp_path, names, tops):
    path, given = written(tmp_path, *names), values()
    weights = tmp_path / "weights.npz"
    np.savez(weights, **{"ip.weight": np.full((3, 3), 0.5, np.float32), "ip.bias": np.zeros(3, np.float32)})
    found = converter.load(path, weights)(**{name: torch.from_numpy(value) for name, value in given.items()})
    assert sorted(found) == sorted(tops)
    for name in tops:
        assert float(found[name].detach()) == pytest.approx(BY_HAND)
    theirs = reference.run(path, weights, inputs=given)
    for name in tops:
        assert float(theirs[name]) == pytest.approx(BY_HAND)


def test_it_counts_towards_the_loss_with_weight_one(tmp_path):
    net = converter.load(written(tmp_path, "loss"), phase="train")
    assert net.loss_weights == {"loss": 1.0}


def test_its_own_weight_counts(tmp_path):
    net = converter.load(written(tmp_path, "loss", more="loss_weight: 0.25"), phase="train")
    assert net.loss_weights == {"loss": 0.25}


def test_the_types_that_get_one_are_the_losses():
    """The net's reader goes by a type's name, which must agree with what the layers say of themselves."""
    for kind in set(operator_types().values()):
        layer = SimpleNamespace(name="it", type=kind.type, bottoms=("a",), tops=())
        assert list(automatic_tops([layer])) == [("it",) if kind.is_loss else ()], kind.type


def test_an_accuracy_without_a_top_is_refused_as_before(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET.format(losses='layer { name: "a" type: "Accuracy" bottom: "ip" bottom: "label" }'))
    with pytest.raises(converter.ConversionError):
        converter.load(path)
