"""The oracle on whole nets: the published topologies, old formats, blobs dropped early, both precisions."""

import numpy as np
import pytest

import reference
from reference.caffemodel import read_caffemodel
from reference.errors import InputError
from reference.fillers import fill
from reference.net import read_net
from reference.registry import find
from tests.formula_weights import formula_blob, formula_image, sample
from tests.goldens_reader import FORWARD_TOLERANCE, golden_cases, scaled_error
from tests.places import GOLDENS

MINI = GOLDENS / "nets" / "mini"
FORMATS = GOLDENS / "nets" / "formats"
KITTI = MINI / "dilation7_kitti_mini"
# Probabilities amplify the logits' rounding by the logits' size (some tens).
PROBABILITY_TOLERANCE = 2e-4


def picture(net):
    """The formula's image at the size that the net asks for."""
    shape = net.layers[0].params("input_param").each("shape", "shape")[0].integers("dim")
    return formula_image(*shape[2:])[None]


def formula_weights(net):
    """Layer -> the formula's blobs, but for the upsampling kernel, which its filler gives."""
    channels = {"data": 3}
    weights = {}
    for layer in net.layers[1:]:
        arriving = channels[layer.bottoms[0]]
        channels[layer.tops[0]] = arriving
        parameters = find(layer.type).parameters
        if parameters is None:
            continue
        found = parameters(layer, [np.empty((1, arriving, 1, 1))])
        channels[layer.tops[0]] = layer.params("convolution_param").integer("num_output")
        upsamples = layer.name == "ctx_upsample"
        weights[layer.name] = [
            fill(parameter) if upsamples else formula_blob(layer.name, index, parameter.shape)
            for index, parameter in enumerate(found)
        ]
    return weights


def golden_errors(blobs, case):
    """(blob, scaled error) of every sampled and every whole blob of a golden."""
    for name, wanted in case.group("sample").items():
        assert blobs[name].shape == tuple(case.arrays[f"shape:{name}"])
        yield name, scaled_error(sample(blobs[name]), wanted)
    for name, wanted in case.group("out").items():
        yield name, scaled_error(blobs[name], wanted)


def beyond(errors):
    """The errors above their blob's tolerance."""
    limits = {"prob": PROBABILITY_TOLERANCE}
    return {name: error for name, error in errors if not error <= limits.get(name, FORWARD_TOLERANCE)}


@pytest.mark.parametrize("case", golden_cases(MINI), ids=str)
def test_a_published_topology_agrees_at_every_blob_with_weights_given_by_layer(case):
    net = read_net(case.prototxt)

    blobs = reference.run(net, formula_weights(net), {"data": picture(net)})

    assert beyond(golden_errors(blobs, case)) == {}
    assert {name for name in net.blobs if name != "data"} == set(case.group("sample")) - {"data"}


def test_a_net_agrees_at_every_blob_with_caffes_own_weight_file():
    case = next(case for case in golden_cases(MINI) if case.prototxt.stem == KITTI.name)
    net = read_net(case.prototxt)

    blobs = reference.run(case.prototxt, KITTI.with_suffix(".caffemodel"), {"data": picture(net)})

    assert beyond(golden_errors(blobs, case)) == {}


@pytest.mark.parametrize("text", ["", "_upgraded"])
@pytest.mark.parametrize("weights", ["legacy", "v2", "upgraded"])
@pytest.mark.parametrize("generation", ["v0", "v1"])
def test_old_spellings_and_their_upgrades_give_caffes_activations(generation, weights, text):
    golden = dict(np.load(FORMATS / f"{generation}.npz"))
    wanted = {key[4:]: value for key, value in golden.items() if key.startswith("out:")}

    blobs = reference.run(
        FORMATS / f"{generation}{text}.prototxt",
        FORMATS / f"{generation}_{weights}.caffemodel",
        {"data": golden["in:data"]},
    )

    errors = {name: scaled_error(blobs[name], value) for name, value in wanted.items()}
    assert {name: error for name, error in errors.items() if not error <= FORWARD_TOLERANCE} == {}
    assert len(wanted) == 5


def test_the_early_forks_file_gives_the_formulas_weights():
    stored = {layer.name: layer.blobs for layer in read_caffemodel(FORMATS / "early_fork_2016_public.caffemodel")}
    held = {name: blobs for name, blobs in stored.items() if blobs}

    assert len(held) > 15
    for name, blobs in held.items():
        for index, blob in enumerate(blobs):
            np.testing.assert_array_equal(blob.data, formula_blob(name, index, blob.shape), strict=True)


def test_dropping_blobs_early_changes_none_that_is_kept():
    net = read_net(KITTI.with_suffix(".prototxt"))
    inputs = {"data": picture(net)}
    every = reference.run(net, KITTI.with_suffix(".caffemodel"), inputs)

    kept = reference.run(net, KITTI.with_suffix(".caffemodel"), inputs, keep=["prob", "pool1"])

    assert list(kept) == ["pool1", "prob"]
    for name, blob in kept.items():
        np.testing.assert_array_equal(blob, every[name])


def test_keeping_a_blob_that_is_not_there_is_an_error():
    net = read_net(KITTI.with_suffix(".prototxt"))

    with pytest.raises(InputError, match="no blob 'fc8'"):
        reference.run(net, None, {"data": picture(net)}, keep=["fc8"])


def test_float32_on_request_rounds_like_float32():
    net = read_net(KITTI.with_suffix(".prototxt"))
    inputs = {"data": picture(net)}
    wide = reference.run(net, KITTI.with_suffix(".caffemodel"), inputs)

    narrow = reference.run(net, KITTI.with_suffix(".caffemodel"), inputs, dtype=np.float32)

    assert {blob.dtype for blob in wide.values()} == {np.dtype(np.float64)}
    assert {blob.dtype for blob in narrow.values()} == {np.dtype(np.float32)}
    assert 1e-8 < scaled_error(narrow["ctx_final"], wide["ctx_final"]) < FORWARD_TOLERANCE


def test_blobs_come_in_net_order_under_caffes_names():
    net = read_net(KITTI.with_suffix(".prototxt"))

    assert net.blobs[:4] == ("data", "conv1_1", "conv1_2", "pool1")
    assert net.blobs[-2:] == ("ctx_final", "prob")
    assert net.outputs == ("prob",)
    assert net.inputs == ("data",)


@pytest.mark.slow
@pytest.mark.parametrize("case", golden_cases(GOLDENS / "nets" / "full"), ids=str)
def test_a_published_net_at_full_size_agrees_with_caffe(case):
    net = read_net(case.prototxt)

    blobs = reference.run(net, formula_weights(net), {"data": picture(net)})

    assert beyond(golden_errors(blobs, case)) == {}
    np.testing.assert_array_equal(blobs["prob"].argmax(axis=1).squeeze(), case.arrays["argmax:prob"].squeeze())
