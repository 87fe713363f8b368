"""Shapes that data layers' fields determine, and their defaults: what is open stays open (caffe.proto and forks)."""

from pathlib import Path

import pytest

import converter
from converter.errors import ShapeError, UnsupportedParameterError
from converter.layers.layer import operator_type


def shapes(folder: Path, body: str, tops: int = 2) -> list[tuple[int, ...]]:
    """The stated shapes of a layer's tops; () where the caller has to say."""
    names = " ".join(f'top: "t{index}"' for index in range(tops))
    (folder / "net.prototxt").write_text(f'layer {{ name: "d" {names} {body} }}')
    layer = converter.read_net(folder / "net.prototxt").layers[0]
    kind = operator_type(layer.type)
    return list(kind(layer.params(), [], tops=tops, phase="test").top_shapes([]))


OPEN: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('type: "Data"', [OPEN, OPEN]),
        ('type: "Data" data_param { batch_size: 3 }', [OPEN, (3,)]),
        ('type: "Data" data_param { batch_size: 3 crop_size: 7 } transform_param { force_color: true }',
         [(3, 3, 7, 7), (3,)]),
        ('type: "Data" data_param { batch_size: 3 crop_size: 7 } transform_param { crop_size: 5 force_gray: true }',
         [(3, 1, 5, 5), (3,)]),
        ('type: "Data" data_param { batch_size: 3 force_encoded_color: true } transform_param { crop_size: 5 }',
         [(3, 3, 5, 5), (3,)]),
        ('type: "Data" data_param { batch_size: 3 force_encoded_color: false } transform_param { crop_size: 5 }',
         [(3, 3, 5, 5), (3,)]),  # taken for three: nothing says otherwise
        ('type: "Data" data_param { batch_size: 3 } transform_param { crop_size: 5 mean_value: 7 }',
         [(3, 3, 5, 5), (3,)]),
        ('type: "Data" data_param { batch_size: 3 } transform_param { crop_size: 5 mean_value: 7 mean_value: 8 }',
         [(3, 2, 5, 5), (3,)]),
        ('type: "ImageData" image_data_param { source: "l" }', [OPEN, (1,)]),
        ('type: "ImageData" image_data_param { source: "l" new_height: 4 new_width: 5 }', [(1, 3, 4, 5), (1,)]),
        ('type: "ImageData" image_data_param { source: "l" new_height: 4 }', [OPEN, (1,)]),
        ('type: "ImageData" image_data_param { source: "l" new_height: 4 new_width: 5 crop_size: 2 }',
         [(1, 3, 2, 2), (1,)]),
        ('type: "WindowData" window_data_param { batch_size: 2 }', [OPEN, (2,)]),
        ('type: "WindowData" window_data_param { batch_size: 2 crop_size: 6 }', [(2, 3, 6, 6), (2,)]),
        ('type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 height: 4 }', [OPEN, (2,)]),
        ('type: "HDF5Data" hdf5_data_param { source: "l" batch_size: 2 }', [OPEN, OPEN]),
        ('type: "ImageLabelData" image_label_data_param { }', [OPEN, OPEN]),
        ('type: "ImageLabelData" transform_param { crop_size: 6 } image_label_data_param { label_slice { dim: 2 dim: 3 '
         "} }", [(1, 3, 6, 6), (1, 1, 2, 3)]),
        ('type: "ImageLabelData" transform_param { crop_size: 6 } image_label_data_param { label_slice { dim: 2 } }',
         [(1, 3, 6, 6), OPEN]),
        ('type: "BinLabelData" bin_label_data_param { label_slice { dim: 2 dim: 3 } }', [OPEN, (1, 1, 2, 3)]),
        ('type: "DenseImageData" dense_image_data_param { new_height: 4 new_width: 5 }', [(1, 3, 4, 5), (1, 1, 4, 5)]),
        ('type: "DenseImageData" dense_image_data_param { new_height: 4 new_width: 5 crop_height: 2 crop_width: 3 }',
         [(1, 3, 2, 3), (1, 1, 2, 3)]),
        ('type: "DenseImageData" dense_image_data_param { new_height: 4 new_width: 5 is_color: false }',
         [(1, 1, 4, 5), (1, 1, 4, 5)]),
        ('type: "DenseImageData" dense_image_data_param { new_height: 9 new_width: 8 label_divide_factor: 4 }',
         [(1, 3, 9, 8), (1, 1, 2, 2)]),
        ('type: "DenseImageData" dense_image_data_param { crop_height: 4 crop_width: 5 label_divide_factor: 4 }',
         [(1, 3, 4, 5), (1, 1, 4, 5)]),
        ('type: "SegData" seg_data_param { source: "l" } transform_param { stride: 32 upper_size: 9 }', [OPEN, OPEN]),
        ('type: "SegData" seg_data_param { } transform_param { crop_size: 4 crop_height: 2 crop_width: 3 }',
         [(1, 3, 4, 4), (1, 1, 4, 4)]),
        ('type: "SegData" seg_data_param { batch_size: 2 } transform_param { crop_height: 2 crop_width: 3 }',
         [(2, 3, 2, 3), (2, 1, 2, 3)]),
        ('type: "SegData" seg_data_param { batch_size: 2 crop_size: 4 new_height: 4 new_width: 4 }',
         [(2, 3, 4, 4), (2, 1, 4, 4)]),
        ('type: "SegData" data_param { batch_size: 2 } transform_param { crop_size: 4 }',
         [(2, 3, 4, 4), (2, 1, 4, 4)]),
        ('type: "ImageSegData" image_data_param { source: "l" }', [OPEN, OPEN]),
        ('type: "ImageSegData" image_data_param { source: "l" batch_size: 2 new_height: 4 new_width: 5 }',
         [(2, 3, 4, 5), (2, 1, 4, 5)]),
        ('type: "WindowSegData" image_data_param { new_height: 4 new_width: 5 } transform_param { crop_size: 3 }',
         [(1, 3, 3, 3), (1, 1, 3, 3)]),
        ('type: "ImageSegData" image_data_param { is_color: false } transform_param { crop_height: 2 crop_width: 3 }',
         [(1, 1, 2, 3), (1, 1, 2, 3)]),
        ('type: "BoxData" data_param { batch_size: 2 side: 7 } transform_param { crop_size: 4 force_color: true }',
         [(2, 3, 4, 4), (2, 343)]),
        ('type: "BoxData" data_param { batch_size: 2 side: 13 } transform_param { crop_size: 4 }',
         [(2, 3, 4, 4), OPEN]),
        ('type: "BoxData" data_param { batch_size: 2 }', [OPEN, OPEN]),
        ('type: "LaneData" data_param { batch_size: 2 } transform_param { crop_size: 16 }',
         [(2, 3, 16, 16), (2, 5, 64, 3)]),
        ('type: "CPMData" data_param { batch_size: 2 } cpm_transform_param { crop_size_x: 8 crop_size_y: 8 }',
         [OPEN, OPEN]),
        ('type: "Python" python_param { module: "sequence_input_layer" layer: "videoReadTest_flow" }', [OPEN, OPEN]),
        ('type: "AnnotatedData" data_param { batch_size: 2 } transform_param { crop_size: 4 }', [(2, 3, 4, 4), OPEN]),
        ('type: "AnnotatedData" data_param { batch_size: 2 } transform_param { crop_size: 4 } annotated_data_param { '
         "yolo_data_type: 1 }", [(2, 3, 4, 4), (2, 1, 300, 5)]),
        ('type: "VideoData" video_data_param { }', [OPEN, OPEN]),
        ('type: "VideoData" data_param { batch_size: 2 } transform_param { resize_param { height: 4 width: 5 } }',
         [(2, 3, 4, 5), (2,)]),
        ('type: "VideoData" video_data_param { batch_size: 2 new_length: 8 } transform_param { crop_size: 4 }',
         [(2, 3, 8, 4, 4), (2,)]),
        ('type: "VideoData" video_data_param { new_length: 8 new_height: 4 new_width: 5 }',
         [(1, 3, 8, 4, 5), (1,)]),
        ('type: "VideoData" video_data_param { batch_size: 2 new_length: 5 num_segments: 3 modality: FLOW } '
         "transform_param { crop_size: 4 }", [(2, 30, 4, 4), (2, 1, 1, 1)]),
        ('type: "VideoData" video_data_param { modality: RGB } transform_param { crop_size: 4 }',
         [(1, 3, 4, 4), (1, 1, 1, 1)]),
        ('type: "VideoData" video_data_param { batch_size: 2 modality: RGB } transform_param { crop_size: 4 }',
         [(2, 3, 4, 4), (2, 1, 1, 1)]),
    ],
)  # fmt: skip
def test_what_the_fields_determine(tmp_path: Path, body: str, wanted: list[tuple[int, ...]]) -> None:
    assert shapes(tmp_path, body) == wanted


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('type: "DenseImageData" dense_image_data_param { label_divide_factor: 0 }', "label_divide_factor"),
        ('type: "LaneData" annotated_data_param { seg_scales: 0 }', "seg_scales"),
        ('type: "CPMData" cpm_transform_param { stride: 0 }', "stride"),
    ],
)
def test_sizes_are_not_divided_by_nothing(tmp_path: Path, body: str, wrong: str) -> None:
    with pytest.raises(UnsupportedParameterError, match=f"{wrong} is 0; expected at least 1"):
        shapes(tmp_path, body)


def test_training_states_the_sizes_of_pose_maps(tmp_path: Path) -> None:
    """CPMData's maps, 2 * (num_parts + 1), have a stride-th of each side; how many channels images have, data tell."""
    body = (
        'type: "CPMData" data_param { batch_size: 2 } cpm_transform_param { stride: 8 crop_size_x: 80 crop_size_y: 48 '
    )
    (tmp_path / "net.prototxt").write_text(f'layer {{ name: "d" top: "x" top: "y" {body} num_parts: 3 }} }}')
    with pytest.raises(ShapeError, match=r"--input-shape x=2,C,48,80 \("):
        converter.load(tmp_path / "net.prototxt", phase="train")
    net = converter.load(tmp_path / "net.prototxt", phase="train", inputs={"x": (2, 4, 48, 80)})
    assert net.inputs["y"] == (2, 8, 6, 10)


def test_as_many_shapes_as_tops(tmp_path: Path) -> None:
    body = 'type: "Data" data_param { batch_size: 3 } transform_param { crop_size: 5 force_gray: true }'
    assert shapes(tmp_path, body, tops=1) == [(3, 1, 5, 5)]
