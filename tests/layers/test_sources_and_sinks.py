"""Layers without bottoms or without tops: data layers as inputs, made blobs, silence."""

import pytest
import torch

from converter.errors import ShapeError, UnsupportedParameterError

_MEANS = "mean_value: 104 mean_value: 117 mean_value: 123"
_TRANSFORM = f"transform_param {{ crop_size: 9 mirror: true scale: 0.5 {_MEANS} }}"


@pytest.mark.parametrize(
    ("body", "shapes"),
    [
        (f'type: "Data" {_TRANSFORM} data_param {{ source: "db" batch_size: 2 backend: LMDB }}', [(2, 3, 9, 9), (2,)]),
        (
            'type: "Data" transform_param { crop_size: 9 force_gray: true } data_param { batch_size: 2 }',
            [(2, 1, 9, 9), (2,)],
        ),
        (
            f'type: "ImageData" {_TRANSFORM} image_data_param {{ source: "list" batch_size: 2 shuffle: true }}',
            [(2, 3, 9, 9), (2,)],
        ),
        (
            'type: "ImageData" image_data_param { source: "list" new_height: 4 new_width: 5 is_color: false }',
            [(1, 1, 4, 5), (1,)],
        ),
        (
            f'type: "WindowData" {_TRANSFORM} window_data_param {{ batch_size: 2 context_pad: 16 }}',
            [(2, 3, 9, 9), (2,)],
        ),
        ('type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }', [(2, 3, 4, 5), (2,)]),
        (
            f'type: "ImageLabelData" {_TRANSFORM} image_label_data_param {{ image_list_path: "a" batch_size: 2 '
            "label_slice { dim: 3 dim: 4 stride: 8 stride: 8 offset: 1 offset: 1 } padding: REFLECT }",
            [(2, 3, 9, 9), (2, 1, 3, 4)],
        ),
    ],
)
def test_a_data_layer_states_the_shapes_that_its_file_determines(build, body, shapes):
    net = build(f'{body} top: "data" top: "label"')
    assert list(net.inputs.items()) == list(zip(("data", "label"), shapes, strict=True))


@pytest.mark.parametrize(
    "body",
    [
        'type: "Data" data_param { batch_size: 2 }',
        'type: "ImageData" image_data_param { batch_size: 2 }',
        'type: "HDF5Data" hdf5_data_param { source: "list" batch_size: 2 }',
        'type: "BinLabelData" bin_label_data_param { bin_list_path: "a" label_slice { dim: 3 dim: 4 } }',
    ],
)
def test_a_shape_that_only_the_data_know_is_asked_for_and_taken(build, body):
    with pytest.raises(ShapeError, match="does not state the shape of 'data'"):
        build(f'{body} top: "data" top: "label"')
    net = build(f'{body} top: "data" top: "label"', given={"data": (2, 3, 4, 5), "label": (2,)})
    assert net.inputs["data"] == (2, 3, 4, 5)


def test_what_forks_add_to_data_layers_is_taken_too(build):
    body = f'type: "Data" top: "data" {_TRANSFORM.replace("mirror", "resize_param { prob: 1 } mirror")}'
    net = build(f'{body} data_param {{ batch_size: 2 side: 7 }} annotated_data_param {{ label_map_file: "m" }}')
    assert not net.plan.leftovers
    x = torch.ones(2, 3, 9, 9)
    assert net(data=x)["data"] is x


def test_dummy_data_is_filled_once_for_all_tops_or_once_each(build):
    body = 'type: "DummyData" top: "a" top: "b" dummy_data_param { shape { dim: 2 } shape { dim: 1 dim: 3 } '
    blobs = build(f"{body} data_filler {{ value: 4 }} }}").blobs()
    assert (blobs["a"].tolist(), blobs["b"].tolist()) == ([4, 4], [[4, 4, 4]])
    blobs = build(f"{body} data_filler {{ value: 4 }} data_filler {{ value: 5 }} }}").blobs()
    assert (blobs["a"].tolist(), blobs["b"].tolist()) == ([4, 4], [[5, 5, 5]])
    assert build(f"{body} }}").blobs()["b"].tolist() == [[0, 0, 0]]


def test_random_dummy_data_change_with_every_call_and_follow_torchs_seed(build):
    filler = 'data_filler { type: "gaussian" }'
    net = build(f'type: "DummyData" top: "a" dummy_data_param {{ num: 9 channels: 1 height: 1 width: 2 {filler} }}')
    torch.manual_seed(3)
    first, second = net.blobs()["a"], net.blobs()["a"]
    torch.manual_seed(3)
    assert first.shape == (9, 1, 1, 2)
    assert not torch.equal(first, second)
    assert torch.equal(net.blobs()["a"], first)


def test_dummy_data_with_two_spellings_of_a_shape_are_refused(build):
    with pytest.raises(UnsupportedParameterError, match="use shape alone"):
        build('type: "DummyData" top: "a" dummy_data_param { num: 1 shape { dim: 1 } }')


def test_a_parameter_is_its_blob_and_learns(build):
    net = build('type: "Parameter" top: "p" parameter_param { shape { dim: 2 dim: 3 } }')
    net.blobs()["p"].sum().backward()
    assert net.blob_parameter("it", 0).grad.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_split_adds_the_gradients_of_its_tops(build):
    x = torch.ones(2, requires_grad=True)
    blobs = build('type: "Split" bottom: "x" top: "a" top: "b"', {"x": (2,)}).blobs(x=x)
    (blobs["a"] * 2 + blobs["b"] * 3).sum().backward()
    assert x.grad.tolist() == [5, 5]


@pytest.mark.parametrize("body", ['type: "Silence"', 'type: "HDF5Output" hdf5_output_param { file_name: "out.h5" }'])
def test_a_sink_leaves_the_net_without_outputs(build, body, tmp_path):
    net = build(f'{body} bottom: "x" bottom: "z"', {"x": (2,), "z": (2,)})
    assert net(x=torch.ones(2), z=torch.ones(2)) == {}
    assert not (tmp_path / "out.h5").exists()
