import pytest

from converter.errors import PrototxtError
from tests.plain_records import flat, only_layer, upgraded


def test_every_v0_field_moves_to_the_message_of_its_type():
    layer = only_layer(
        'layers { layer { name: "w" type: "window_data" source: "s" meanfile: "m" batchsize: 2 cropsize: 7 '
        "mirror: true scale: 0.5 det_fg_threshold: 0.6 det_bg_threshold: 0.4 det_fg_fraction: 0.3 det_context_pad: 1 "
        'det_crop_mode: "square" } top: "data" top: "label" }'
    )
    assert flat(layer) == [
        ("name", "w"), ("type", "WindowData"), ("top", "data"), ("top", "label"),
        ("transform_param", [("scale", 0.5), ("mirror", True), ("crop_size", 7), ("mean_file", "m")]),
        ("window_data_param", [
            ("source", "s"), ("batch_size", 2), ("fg_threshold", 0.6), ("bg_threshold", 0.4), ("fg_fraction", 0.3),
            ("context_pad", 1), ("crop_mode", "square"),
        ]),
    ]  # fmt: skip


def test_v0_images_and_concat_move_their_own_fields():
    images = only_layer(
        'layers { layer { type: "images" rand_skip: 3 shuffle_images: true new_height: 4 new_width: 5 } }'
    )
    assert flat(images) == [
        ("type", "ImageData"),
        ("image_data_param", [("rand_skip", 3), ("shuffle", True), ("new_height", 4), ("new_width", 5)]),
    ]
    concat = only_layer('layers { layer { type: "concat" concat_dim: 2 } }')
    assert flat(concat) == [("type", "Concat"), ("concat_param", [("concat_dim", 2)])]


def test_padding_overwrites_the_pad_of_the_pooling_that_reads_it():
    net = upgraded(
        'input: "x" layers { layer { name: "p" type: "padding" pad: 3 } bottom: "x" top: "px" }'
        'layers { layer { name: "pool" type: "pool" pad: 1 kernelsize: 2 } bottom: "px" top: "y" }'
    )
    (pool,) = net.all("layer")
    assert flat(pool) == [
        ("name", "pool"), ("type", "Pooling"), ("bottom", "x"), ("top", "y"),
        ("pooling_param", [("kernel_size", 2), ("pad", 3)]),
    ]  # fmt: skip


def test_a_blob_that_was_written_again_after_its_padding_is_not_padded():
    net = upgraded(
        'layers { layer { name: "p" type: "padding" pad: 3 } bottom: "x" top: "y" }'
        'layers { layer { name: "d" type: "data" } top: "y" }'
        'layers { layer { name: "c" type: "conv" } bottom: "y" top: "z" }'
    )
    assert flat(net.all("layer")[1]) == [("name", "c"), ("type", "Convolution"), ("bottom", "y"), ("top", "z")]


@pytest.mark.parametrize("reader", ['type: "relu" } bottom: "px"', 'type: "conv" } bottom: "px" bottom: "x"'])
def test_padding_before_anything_but_one_conv_or_pool_is_refused(reader):
    padding = 'layers { layer { type: "padding" pad: 1 } bottom: "x" top: "px" }'
    with pytest.raises(PrototxtError, match=r"layer 'r' .* reads a padding layer") as caught:
        upgraded(f'{padding}\nlayers {{ layer {{ name: "r" {reader} }}')
    assert (caught.value.line, caught.value.layer) == (2, "r")


def test_v0_fields_without_meaning_on_their_type_are_dropped_and_noted():
    notes = []
    layer = only_layer(
        'state { phase: TEST }\nlayers { layer { name: "r" type: "relu" kernelsize: 3 new_num: 2 } }', notes
    )
    assert flat(layer) == [("name", "r"), ("type", "ReLU")]
    assert [note.split(";")[0] for note in notes] == [
        "net.prototxt:1: 'state' is dropped from a net of V0 layers, as Caffe does",
        "net.prototxt:2: layer 'r' (relu): 'kernelsize' has no meaning on this type and is dropped, as Caffe does",
        "net.prototxt:2: layer 'r' (relu): 'new_num' has no meaning on this type and is dropped, as Caffe does",
    ]
