"""Crop without crop_param: 0 in Caffe; by the net's geometry in the forks of FCN and HED, worked out by hand.

Position i of a convolution's or pooling's top lies at i · stride + (extent - 1) / 2 - pad of its bottom. Written
backwards: 2×2 pooling at stride 2 halves and takes 1/4 off, a deconvolution of kernel 2 s at stride s puts x at
s · x + s - 1/2.
"""

import itertools
import re

import numpy as np
import pytest
import torch

import converter
import reference
from converter.cli import main
from converter.errors import OutputError, ShapeError
from reference import OracleError
from tests.export.targets import run_source
from tests.places import SHARED


def layer(kind, name, bottoms, param=""):
    reads = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    return f'layer {{ name: "{name}" type: "{kind}" {reads} top: "{name}" {param} }}\n'


def conv(name, bottom, kernel=1, pad=0, stride=1, kind="Convolution"):
    sizes = f"kernel_size: {kernel} pad: {pad} stride: {stride}"
    return layer(kind, name, bottom, f"convolution_param {{ num_output: 1 bias_term: false {sizes} }}")


def pools(count, bottom):
    names = [bottom, *(f"pool{number + 1}" for number in range(count))]
    param = "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
    return "".join(layer("Pooling", name, below, param) for below, name in itertools.pairwise(names))


def deconv(name, bottom, kernel, stride):
    return conv(name, bottom, kernel, 0, stride, kind="Deconvolution")


INPUT = 'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 64 dim: 64 } } }\n'
BODY = INPUT + conv("conv1", "data", 3, 100) + pools(5, "conv1") + conv("fc6", "pool5", 7) + conv("score_fr", "fc6")
FCN32 = BODY + deconv("upscore", "score_fr", 64, 32) + layer("Crop", "score", "upscore data")
"""conv1: x + 99. Five pools: (x + 99 - 31/2) / 32, as 1/2 + 2/2 + … + 16/2 = 31/2. fc6: 3 less. The deconvolution:
32 · that + 31.5 = x + 99 - 15.5 - 96 + 31.5 = x + 19."""

FCN16 = (
    BODY
    + deconv("upscore2", "score_fr", 4, 2)  # over pool4, at (x + 99 - 7.5) / 16: 2 (x/2 - 1/4 - 3) + 1.5 = x - 5
    + conv("score_pool4", "pool4")
    + layer("Crop", "score_pool4c", "score_pool4 upscore2")  # pool4's place 5 lies at upscore2's 0
    + layer("Eltwise", "fuse", "upscore2 score_pool4c")
    + deconv("upscore16", "fuse", 32, 16)  # 16 ((x + 91.5) / 16 - 5) + 15.5 = x + 91.5 - 80 + 15.5 = x + 27
    + layer("Crop", "score", "upscore16 data")
)
FCN8 = (
    FCN16.partition('layer { name: "upscore16"')[0]
    + deconv("upscore_pool4", "fuse", 4, 2)  # over pool3: pool4 is x/2 - 1/4; 2 (x/2 - 1/4 - 5) + 1.5 = x - 9
    + conv("score_pool3", "pool3")
    + layer("Crop", "score_pool3c", "score_pool3 upscore_pool4")
    + layer("Eltwise", "fuse3", "upscore_pool4 score_pool3c")
    + deconv("upscore8", "fuse3", 16, 8)  # pool3 is (x + 99 - 3.5) / 8; 8 (that - 9) + 7.5 = x + 95.5 - 72 + 7.5
    + layer("Crop", "score", "upscore8 data")
)
HED = INPUT + conv("conv1", "data", 3, 35) + layer("ReLU", "relu", "conv1") + pools(4, "relu")
HED += layer("Crop", "side1", "relu data")
HED += "".join(
    deconv(f"up{number}", f"pool{number - 1}", 2**number, 2 ** (number - 1))
    + layer("Crop", f"side{number}", f"up{number} data")
    for number in range(2, 6)
)
"""conv1: x + 34. After k pools: (x + 34 - (2^k - 1) / 2) / 2^k. The deconvolution: x + 34 - (2^k - 1) / 2 + 2^k - 1/2,
which is x + 34 + 2^(k-1): 35, 36, 38, 42."""

NETS = {
    "fcn32": (FCN32, {"score": 19}),
    "fcn16": (FCN16, {"score_pool4c": 5, "score": 27}),
    "fcn8": (FCN8, {"score_pool4c": 5, "score_pool3c": 9, "score": 31}),
    "hed": (HED, {"side1": 34, "side2": 35, "side3": 36, "side4": 38, "side5": 42}),
}


def written(folder, text):
    path = folder / "net.prototxt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", NETS)
def test_offsets_by_the_geometry_are_the_known_ones(tmp_path, name):
    text, offsets = NETS[name]
    net = converter.load(written(tmp_path, text), crop="geometry")
    assert {key: getattr(net, key).offsets for key in offsets} == {key: (value,) * 2 for key, value in offsets.items()}

    oracle = reference.read_net(tmp_path / "net.prototxt", crop="geometry")
    found = {one.name: one.params("crop_param").integers("offset") for one in oracle.layers if one.type == "Crop"}
    assert found == {key: [value] * 2 for key, value in offsets.items()}


@pytest.mark.parametrize("name", NETS)
def test_notes_say_where_the_forks_differ_and_caffe_begins_at_0(tmp_path, name, capsys):
    text, offsets = NETS[name]
    net = converter.load(written(tmp_path, text))
    assert {getattr(net, key).offsets for key in offsets} == {(0, 0)}
    told = [note for note in net.notes if "no crop_param" in note]
    assert len(told) == len(offsets)
    for note, (key, value) in zip(told, offsets.items(), strict=True):
        assert (
            f"layer '{key}' (Crop): no crop_param: the offset 0 of Caffe; the forks of FCN and HED take {value} by"
            in note
        )
    assert main(["inspect", str(tmp_path / "net.prototxt")]) == 0
    assert capsys.readouterr().out.count("(--crop geometry) does so") == len(offsets)
    assert main(["inspect", str(tmp_path / "net.prototxt"), "--crop", "geometry"]) == 0
    assert capsys.readouterr().out.count(", of the geometry") == len(offsets)


def test_height_and_width_have_offsets_of_their_own(tmp_path):
    """pad 3 and 5 with a kernel of 1: the top lies 3 and 5 before its bottom."""
    sizes = "num_output: 1 kernel_size: 1 pad_h: 3 pad_w: 5 weight_filler { type: 'constant' value: 1 }"
    text = INPUT + layer("Convolution", "c", "data", f"convolution_param {{ {sizes} }}") + layer("Crop", "y", "c data")
    path = written(tmp_path, text)
    x = np.arange(64 * 64, dtype=np.float32).reshape(1, 1, 64, 64)
    net = converter.load(path, crop="geometry")
    assert net.y.offsets == (3, 5)
    assert torch.equal(net(data=x)["y"], torch.from_numpy(x))
    assert np.array_equal(reference.run(path, None, {"data": x}, crop="geometry")["y"], x)
    shifted = reference.run(path, None, {"data": x})["y"]
    assert np.array_equal(shifted[0, 0, 3:, 5:], x[0, 0, :-3, :-5])
    assert "take 3 and 5 by" in "".join(converter.load(path).notes)


@pytest.mark.parametrize("rule", ["caffe", "geometry"])
def test_verify_runs_both_programs_under_one_rule(tmp_path, rule, capsys):
    text = INPUT + conv("c", "data", 3, 5).replace("bias_term: false", "weight_filler { type: 'xavier' }")
    path = written(tmp_path, text + pools(1, "c") + deconv("up", "pool1", 4, 2) + layer("Crop", "y", "up data"))
    assert main(["verify", str(path), "--crop", rule]) == 0
    assert "PASS" in capsys.readouterr().out


def test_a_written_net_has_the_offset(tmp_path):
    text = INPUT + conv("c", "data", 1, 3) + layer("Crop", "y", "c data")
    path = written(tmp_path, text)
    x = np.arange(64 * 64, dtype=np.float32).reshape(1, 1, 64, 64)
    np.savez(tmp_path / "w.npz", **{"c.weight": np.ones((1, 1, 1, 1), np.float32)})
    for out, rule in (("net.py", "geometry"), ("caffe.py", "caffe"), ("folder/", "geometry")):
        words = ["convert", tmp_path / "w.npz", f"{tmp_path}/{out}", "--prototxt", path, "--crop", rule]
        assert main([str(word) for word in words]) == 0
    assert np.array_equal(run_source(tmp_path / "net.py", {"data": x}, ["y"])["y"], x)
    assert run_source(tmp_path / "caffe.py", {"data": x}, ["y"])["y"][0, 0, 3, 3] == 0 == x[0, 0, 0, 0]
    assert torch.equal(converter.from_pretrained(tmp_path / "folder")(data=x)["y"], torch.from_numpy(x))
    with pytest.raises(OutputError, match="crop are for whole nets"):
        converter.convert(tmp_path / "w.npz", tmp_path / "w.pth", path, crop="geometry")


SHIFTED = conv("c", "data", 1, 3) + layer("Crop", "d", "c data", "crop_param { offset: 0 }")
REFUSED = [
    (conv("c", "data", 1, 0, 2) + layer("Crop", "y", "data c"), r"scales differ by 1/2, 1/2", "same stride"),
    (conv("c", "data", 2, 1) + layer("Crop", "y", "c data"), r"would begin at 1/2, 1/2", "begin at 1/2"),
    (SHIFTED + layer("Crop", "y", "data d"), "would begin at -3, -3", "at -3"),
    (
        layer("Tile", "c", "data", "tile_param { axis: 3 tiles: 2 }") + layer("Crop", "y", "c data"),
        "common blob",
        "origin",
    ),
]


@pytest.mark.parametrize(("text", "ours", "theirs"), REFUSED)
def test_what_the_geometry_does_not_settle_is_refused_on_request_alone(tmp_path, text, ours, theirs):
    """In turn: a stride between the two; (2 - 1) / 2 - 1 = -1/2; d 3 before data; a type without positions."""
    path = written(tmp_path, INPUT + text)
    told = rf"net\.prototxt:\d+: layer 'y' \(Crop\): the geometry gives no offset: .*{ours}"
    with pytest.raises(ShapeError, match=told):
        converter.load(path, crop="geometry")
    with pytest.raises(OracleError, match=theirs):
        reference.read_net(path, crop="geometry")
    assert not [note for note in converter.load(path).notes if "crop_param" in note]


def test_a_stated_crop_param_counts_under_either_rule(tmp_path):
    text = INPUT + conv("c", "data", 1, 3) + layer("Crop", "y", "c data", "crop_param { offset: 1 }")
    assert converter.load(written(tmp_path, text), crop="geometry").y.offsets == (1, 1)
    assert not [note for note in converter.load(tmp_path / "net.prototxt").notes if "crop_param" in note]


PUBLISHED = SHARED / "corpus/prototxt/shelhamer__fcn.berkeleyvision.org"


def oracle_offsets(path, rule):
    """The offsets of height and width of every Crop."""
    net = reference.read_net(path, crop=rule, allow_unknown=True)
    stated = [one.params("crop_param").integers("offset") for one in net.layers if one.type == "Crop"]
    return [found * 2 if len(found) == 1 else found for found in stated]


@pytest.mark.corpus
@pytest.mark.parametrize("path", sorted(path for path in PUBLISHED.glob("*/*.prototxt") if path.stem != "solver"))
def test_berkeleys_published_offsets_are_those_of_the_geometry(path, tmp_path):
    """The published nets without their `crop_param`s get them back."""
    bare = re.sub(r"crop_param\s*\{[^}]*\}", "", path.read_text())
    stated = oracle_offsets(path, "caffe")
    assert stated and oracle_offsets(written(tmp_path, bare), "geometry") == stated
    if path.stem == "deploy":  # the others read data by Python layers
        crops = [
            one
            for one in converter.load(tmp_path / "net.prototxt", crop="geometry").plan.steps
            if one.layer.type == "Crop"
        ]
        assert [list(one.operator.offsets) for one in crops] == stated == [[5, 5], [9, 9], [31, 31]]
