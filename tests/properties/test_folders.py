"""Random nets through save_pretrained's folders, random records of DilatedNets through the weights of a run."""

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="no hypothesis: install the extra [tests]")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import converter
import reference
from converter.data.label_sets import LabelSet
from converter.dilatednet import zoo
from converter.dilatednet.topology import Topology
from converter.dilatednet.trained import RESULT, describe, read_trained, write_trained
from converter.net.preprocessing import Preprocessing

FEW = settings(max_examples=12, deadline=None, derandomize=True, database=None)
MANY = settings(max_examples=60, deadline=None, derandomize=True, database=None)

FILLER = 'weight_filler { type: "xavier" } bias_filler { type: "constant" value: 0.25 }'
KINDS = {
    "Convolution": "convolution_param {{ num_output: {n} kernel_size: 3 pad: {d} dilation: {d} FILLER }}",
    "Pooling": "pooling_param {{ pool: AVE kernel_size: 2 stride: {d} }}",
    "ReLU": "relu_param {{ negative_slope: 0.{n} }}",
    "LRN": "lrn_param {{ local_size: 3 alpha: 0.{n} }}",
    "Power": "power_param {{ scale: -0.{n} shift: {d} }}",
    "InnerProduct": "inner_product_param {{ num_output: {n} FILLER }}",
}
names = st.text("abXY019_-é", min_size=1, max_size=8).filter(lambda name: name not in ("data", "x"))
triples = st.tuples(*[st.floats(-300, 300, width=32)] * 3)


@st.composite
def nets(draw: Any) -> str:
    """A chain of one to four layers over an image of 3 × 9 × 8, as text; InnerProduct ends it."""
    found = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    text, bottom = 'name: "n" input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 8 }\n', "data"
    for place, name in enumerate(found):
        kinds = [kind for kind in KINDS if kind != "InnerProduct" or place == len(found) - 1]
        kind = draw(st.sampled_from(kinds))
        body = KINDS[kind].format(n=draw(st.integers(1, 5)), d=draw(st.integers(1, 2))).replace("FILLER", FILLER)
        text += f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "t{place}" {body} }}\n'
        bottom = f"t{place}"
    return text


@st.composite
def preprocessings(draw: Any) -> Preprocessing:
    """What a net says of its images."""
    pairs = st.none() | st.tuples(st.integers(1, 500), st.integers(1, 500))
    mean = draw(triples | st.just(()))
    color = draw(st.sampled_from(("bgr", "rgb")))
    return Preprocessing(mean, None, draw(st.floats(-4, 4, width=32)), draw(pairs), draw(pairs), color)


@FEW
@given(nets(), preprocessings(), st.integers(0, 2**31))
def test_a_folder_gives_the_net_again_and_the_oracle_agrees(text: str, images: Preprocessing, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((1, 3, 9, 8), np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "n.prototxt").write_text(text, encoding="utf-8")
        net = converter.load(folder / "n.prototxt", seed=seed)
        net.transform = images
        converter.save_pretrained(net, folder / "out")
        back = converter.from_pretrained(folder / "out")
        assert {key: value.numpy().tobytes() for key, value in back.state_dict().items()} == {
            key: value.numpy().tobytes() for key, value in net.state_dict().items()
        }
        assert (back.code, back.inputs, repr(back.transform)) == (net.code, net.inputs, repr(net.transform))
        weights = folder / "out" / "model.safetensors" if net.state_dict() else None
        blobs = reference.run(folder / "out" / "net.prototxt", weights, {"data": x})
        with torch.no_grad():
            seen = back(data=torch.from_numpy(x))
    for top, value in seen.items():
        np.testing.assert_allclose(value.numpy(), blobs[top], rtol=1e-4, atol=1e-5)


@st.composite
def records(draw: Any) -> zoo.Model:
    """A published net with other numbers, as `train` may have left it."""
    model = draw(st.sampled_from([zoo.find(name) for name in ("pascal_voc", "camvid", "kitti")]))
    count = draw(st.integers(1, 12))
    colors = st.tuples(*[st.integers(0, 255)] * 3)
    labels = LabelSet(
        "run",
        tuple(draw(st.lists(st.text(max_size=6), min_size=count, max_size=count))),
        tuple(draw(st.lists(colors, min_size=count, max_size=count))),
        draw(triples),
        draw(st.sampled_from((1, 8))),
    )
    numbers = {
        "width": draw(st.integers(1, 64)),
        "fc_width": draw(st.integers(1, 4096)),
        "depth": draw(st.integers(4, 12)),
    }
    context = draw(st.sampled_from(("basic", "large", None)))
    topology = replace(model.topology, classes=count, context=context, **numbers)
    size = draw(st.tuples(st.integers(1, 1500), st.integers(1, 1500)))
    return replace(model, topology=topology, label_set=labels, input_size=size)


@MANY
@given(records(), st.sampled_from(("frontend", "context", "joint")))
def test_what_a_runs_weights_say_of_their_net_is_read_as_it_was_said(model: zoo.Model, stage: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        folder.mkdir()
        write_trained(folder / RESULT, {"w": np.ones(3, np.float32)}, describe(model, stage))
        found = read_trained(folder)
    assert asdict(found.label_set) == asdict(model.label_set)
    assert (found.topology, found.input_size, found.stage) == (model.topology, model.input_size, stage)
    assert isinstance(found.topology, Topology)
    assert found.name == model.name
