"""Fillers that draw no random number, against Caffe's own blobs; the others are refused."""

import numpy as np
import pytest

import reference
from reference.errors import LayerError, WeightsError
from reference.fillers import fill
from reference.registry import find
from tests.places import GOLDENS

IDENTITY = GOLDENS / "nets" / "identity"
FILLERS = GOLDENS / "nets" / "fillers"


DATA = 'layer { name: "d" type: "ImageLabelData" top: "d" top: "l" include { phase: TRAIN } }'


def first_blob(net):
    """What the filler of the net's second layer puts into its first blob."""
    shape = net.layers[0].params("input_param").each("shape", "shape")[0].integers("dim")
    return fill(find(net.layers[1].type).parameters(net.layers[1], [np.empty(shape)])[0], net.dilation_fork)


def filled(filler, outputs=4, inputs=2, kernel=1):
    """A fresh convolution weight."""
    text = f"""
        layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 1 dim: {inputs} dim: 9 dim: 9 }} }} }}
        layer {{ name: "c" type: "Convolution" bottom: "x" top: "y"
                convolution_param {{ num_output: {outputs} kernel_size: {kernel} weight_filler {{ {filler} }} }} }}"""
    return first_blob(reference.parse(text))


@pytest.mark.parametrize("number", range(9))
def test_the_identity_filler_is_caffes_bit_for_bit(number):
    wanted = np.load(IDENTITY / "identity.npz")[f"weight:{number:02d}"]

    blob = first_blob(reference.read_net(IDENTITY / f"identity_{number:02d}.prototxt"))

    np.testing.assert_array_equal(blob.astype(np.float32), wanted, strict=True)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 16])
def test_the_bilinear_filler_of_the_forks_nets_is_the_forks(size):
    wanted = np.load(FILLERS / "fillers.npz")[f"bilinear:{size}"]

    blob = first_blob(reference.parse((FILLERS / f"bilinear_{size}.prototxt").read_text() + DATA))

    np.testing.assert_allclose(blob, wanted, rtol=0, atol=6e-8)


def test_the_identity_filler_divides_by_the_outputs_a_group():
    weight = filled('type: "identity" num_groups: 2')[:, :, 0, 0]

    np.testing.assert_array_equal(weight, [[0.5, 0], [0.5, 0], [0, 0.5], [0, 0.5]])


def test_the_identity_filler_leaves_inputs_beyond_the_groups_alone():
    weight = filled('type: "identity" num_groups: 2', outputs=2, inputs=3)[:, :, 0, 0]

    np.testing.assert_array_equal(weight, [[1, 0, 0], [0, 1, 0]])


def test_the_identity_filler_multiplies_by_a_set_value():
    weight = filled('type: "identity" value: 2', outputs=6, inputs=3)[:, :, 0, 0]

    np.testing.assert_array_equal(weight, np.repeat(np.eye(3), 2, axis=0))


def test_the_identity_filler_refuses_outputs_that_do_not_divide():
    with pytest.raises(LayerError, match="5 outputs do not divide into 2 groups"):
        filled('type: "identity" num_groups: 2', outputs=5)


@pytest.mark.parametrize("kind", ["xavier", "msra", "gaussian", "uniform", "positive_unitball"])
def test_a_random_filler_is_refused(kind):
    with pytest.raises(WeightsError, match=f"layer 'c'.*{kind} filler is random.*give the weights"):
        filled(f'type: "{kind}"')


def test_an_identity_filler_with_noise_is_refused():
    with pytest.raises(WeightsError, match="identity filler is random"):
        filled('type: "identity" std: 0.01')


def test_a_gabor_filler_for_other_sizes_is_refused():
    with pytest.raises(LayerError, match=r"no filters for a blob of shape \(4, 3, 5, 5\)"):
        filled('type: "gabor"', inputs=3, kernel=5)


def test_an_unknown_filler_is_an_error_with_its_line():
    with pytest.raises(LayerError, match=r"<text>:4.*filler type 'magic' is unknown"):
        filled('type: "magic"')


def test_a_layer_without_a_filler_starts_as_caffe_starts_it():
    net = reference.parse("""
        layer { name: "x" type: "Input" top: "x" }
        layer { name: "s" type: "Scale" bottom: "x" top: "s" scale_param { bias_term: true } }
        layer { name: "p" type: "PReLU" bottom: "s" top: "p" }
        layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 2 } }""")

    blobs = reference.run(net, None, {"x": [[-4.0, 8.0]]})

    np.testing.assert_array_equal(blobs["s"], [[-4, 8]])
    np.testing.assert_array_equal(blobs["p"], [[-1, 8]])
    np.testing.assert_array_equal(blobs["f"], [[0, 0]])
