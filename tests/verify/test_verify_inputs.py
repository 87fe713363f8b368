"""What a net is fed, worked out by hand."""

import numpy as np
import pytest
from PIL import Image

from converter.errors import ImageError, ShapeError
from converter.net.reading import read_net
from converter.plan.plan import build_plan
from converter.verify.inputs import given_inputs, image_inputs, model_of, random_inputs


def plan(tmp_path, text):
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    return build_plan(read_net(path))


def image_net(tmp_path, name, height, width, count=1):
    return plan(tmp_path, f'name: "{name}" input: "data" input_dim: {count} input_dim: 3 {dims(height, width)}\n{RELU}')


def dims(height, width):
    return f"input_dim: {height} input_dim: {width}"


RELU = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }'
COLORS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(COLORS).save(path)
    return path


def test_a_image_of_the_nets_own_size_is_fed_in_bgr_less_the_mean(tmp_path, picture):
    inputs, seen = image_inputs(image_net(tmp_path, "any", 2, 3), picture, (1.0, 2.0, 4.0))
    np.testing.assert_array_equal(seen, COLORS)
    # red 0 30 60 / 90 120 150, green 10 more, blue 20 more; fed blue first
    blue = [[19, 49, 79], [109, 139, 169]]
    green = [[8, 38, 68], [98, 128, 158]]
    red = [[-4, 26, 56], [86, 116, 146]]
    np.testing.assert_array_equal(inputs["data"], np.array([[blue, green, red]], np.float32))
    assert inputs["data"].dtype == np.float32


def test_a_image_fills_every_item_of_the_batch(tmp_path, picture):
    inputs, _ = image_inputs(image_net(tmp_path, "any", 2, 3, count=2), picture, None)
    assert inputs["data"].shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(inputs["data"][0], inputs["data"][1])


def test_an_unknown_nets_image_is_resized_whole(tmp_path):
    path = tmp_path / "flat.png"
    Image.new("RGB", (40, 30), (200, 100, 50)).save(path)
    inputs, _ = image_inputs(image_net(tmp_path, "any", 5, 7), path, None)
    np.testing.assert_array_equal(
        inputs["data"], np.broadcast_to(np.float32([50, 100, 200])[None, :, None, None], (1, 3, 5, 7))
    )


def test_a_published_nets_image_is_padded_by_186_mirrored_pixels_and_less_its_own_mean(tmp_path, picture):
    inputs, _ = image_inputs(image_net(tmp_path, "dilation8_pascal_voc_mini", 374, 375), picture, None)
    x = inputs["data"]
    assert x.shape == (1, 3, 374, 375)
    # the mirror does not repeat the edge: of 2 rows, every second one; of 3 columns, every fourth period of 0 1 2 1
    blue_mean = np.float32(102.93)
    np.testing.assert_array_equal(x[0, 0, 186:188, 186:189], COLORS[:, :, 2] - blue_mean)
    assert x[0, 0, 185, 186] == COLORS[1, 0, 2] - blue_mean
    assert x[0, 0, 186, 185] == COLORS[0, 1, 2] - blue_mean
    assert x[0, 0, 186, 184] == COLORS[0, 2, 2] - blue_mean
    assert x[0, 0, 186, 182] == COLORS[0, 0, 2] - blue_mean


def test_a_tile_too_small_for_the_margins_is_refused(tmp_path, picture):
    with pytest.raises(ShapeError, match="372"):
        image_inputs(image_net(tmp_path, "dilation7_kitti", 372, 400), picture, None)


def test_a_image_does_not_go_into_two_inputs(tmp_path, picture):
    two = plan(
        tmp_path,
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 2 input_dim: 2\n'
        'input: "more" input_dim: 1 input_dim: 3 input_dim: 2 input_dim: 2\n'
        'layer { name: "s" type: "Eltwise" bottom: "data" bottom: "more" top: "s" }',
    )
    with pytest.raises(ImageError, match="leave --image out"):
        image_inputs(two, picture, None)


@pytest.mark.parametrize(
    ("net", "model"),
    [
        ("dilation8_pascal_voc_mini", "dilation8_pascal_voc"),
        ("frontend_pascal_voc", "frontend_pascal_voc"),
        ("my dilation7_kitti, trained on", "dilation7_kitti"),
        ("VGG16", None),
        ("", None),
    ],
)
def test_a_published_net_is_known_by_its_name(net, model):
    found = model_of(net)
    assert (found.name if found else None) == model


def test_random_values_fill_the_range_of_pixels_and_follow_the_seed_alone(tmp_path):
    net = image_net(tmp_path, "any", 50, 60)
    first, again, other = random_inputs(net, 1)["data"], random_inputs(net, 1)["data"], random_inputs(net, 2)["data"]
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.99
    assert -100 <= first.min() < -95 and 95 < first.max() < 100


def test_labels_are_whole_class_numbers(tmp_path):
    loss = plan(
        tmp_path,
        'input: "scores" input_dim: 2 input_dim: 4 input_dim: 9 input_dim: 8\n'
        'input: "label" input_dim: 2 input_dim: 1 input_dim: 9 input_dim: 8\n'
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }',
    )
    assert set(np.unique(random_inputs(loss, 0)["label"])) == {0.0, 1.0, 2.0, 3.0}


def test_stored_inputs_are_taken_by_name_and_a_missing_one_is_told(tmp_path):
    net = image_net(tmp_path, "any", 2, 3)
    x = np.arange(18.0).reshape(1, 3, 2, 3)
    np.testing.assert_array_equal(given_inputs(net, {"data": x, "more": x}, "f.npz")["data"], x)
    with pytest.raises(ShapeError, match=r"f\.npz: no array for input data; there are other"):
        given_inputs(net, {"other": x}, "f.npz")
