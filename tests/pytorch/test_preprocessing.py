"""Images to inputs as Caffe's data layers make them, and the same within the first convolution."""

import copy

import numpy as np
import pytest
import torch
from PIL import Image

import converter
from converter.errors import ConversionError, GraphError, ImageError
from converter.net.preprocessing import Preprocessing

TRAIN_VAL = """
name: "small"
layer { name: "data" type: "ImageData" top: "data" include { phase: TEST }
  transform_param { scale: 0.5 crop_size: 4 mean_value: 104 mean_value: 117 mean_value: 123 mirror: true }
  image_data_param { source: "list.txt" batch_size: 2 new_height: 6 new_width: 8 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 5 kernel_size: 3 pad: 1 stride: 2 weight_filler { type: "xavier" }
    bias_filler { type: "constant" value: 0.25 } } }
"""
IMAGE = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def loaded(folder, text=TRAIN_VAL):
    (folder / "net.prototxt").write_text(text)
    return converter.load(folder / "net.prototxt", seed=0).eval()


def test_a_train_val_net_makes_its_input_of_an_image(tmp_path):
    net = loaded(tmp_path)
    rgb = IMAGE[1:5, 2:6].astype(np.float32)  # the middle 4 x 4 of 6 x 8
    wanted = (rgb[..., ::-1] - np.float32([104, 117, 123])) * np.float32(0.5)
    for image in (IMAGE, Image.fromarray(IMAGE), torch.from_numpy(IMAGE)):
        found = net.transform(image)
        assert found.dtype == torch.float32
        np.testing.assert_array_equal(found.numpy(), wanted.transpose(2, 0, 1)[None])
    assert net.transform([IMAGE, IMAGE]).shape == (2, 3, 4, 4)
    assert net(data=net.transform(IMAGE))["conv1"].shape == (1, 5, 2, 2)
    assert repr(copy.deepcopy(net).transform) == repr(net.transform)
    assert "crop=(4, 4), scale=0.5" in repr(net.transform)


def test_a_deploy_net_takes_its_train_vals_preprocessing(tmp_path):
    wanted = repr(loaded(tmp_path).transform)
    (tmp_path / "net.prototxt").rename(tmp_path / "train_val.prototxt")
    (tmp_path / "deploy.prototxt").write_text(
        'input: "data" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n'
        'layer { name: "r" type: "ReLU" bottom: "data" top: "y" }'
    )
    net = converter.load(tmp_path / "deploy.prototxt", preprocessing=tmp_path / "train_val.prototxt")
    assert repr(net.transform) == wanted
    assert converter.load(tmp_path / "deploy.prototxt").transform is None


def test_a_mean_file_is_found_beside_the_prototxt_and_sets_the_size(tmp_path):
    mean = np.arange(3 * 6 * 8, dtype=np.float32).reshape(3, 6, 8)
    np.save(tmp_path / "mean.npy", mean)
    text = TRAIN_VAL.replace("mean_value: 104 mean_value: 117 mean_value: 123", 'mean_file: "data/mean.npy"')
    net = loaded(tmp_path, text.replace(" new_height: 6 new_width: 8", ""))
    wanted = (IMAGE[..., ::-1].transpose(2, 0, 1) - mean)[:, 1:5, 2:6] * np.float32(0.5)
    np.testing.assert_array_equal(net.transform(IMAGE).numpy(), wanted[None])
    with pytest.raises(ConversionError, match="the mean is an image"):
        converter.fold_preprocessing(net)


def test_a_mean_file_that_is_missing_is_noted(tmp_path):
    text = TRAIN_VAL.replace("mean_value: 104 mean_value: 117 mean_value: 123", 'mean_file: "gone.binaryproto"')
    net = loaded(tmp_path, text)
    assert net.transform is None
    assert any("mean file 'gone.binaryproto' lies neither beside the prototxt nor" in note for note in net.notes)
    assert converter.load(tmp_path / "net.prototxt", seed=0, preprocessing=Preprocessing(mean=(1.0,))).transform


def test_images_are_resized_as_opencv_does(tmp_path):
    cv2 = pytest.importorskip("cv2")
    net = loaded(tmp_path)
    net.transform = Preprocessing(size=(5, 11))
    wanted = cv2.resize(IMAGE, (11, 5), interpolation=cv2.INTER_LINEAR)[..., ::-1].transpose(2, 0, 1)
    assert np.abs(net.transform(IMAGE)[0].numpy() - wanted.astype(np.float32)).max() <= 1  # its fixed-point rounding


def test_the_inputs_shape_tells_gray_from_color(tmp_path):
    (tmp_path / "net.prototxt").write_text(
        'layer { name: "mnist" type: "Data" top: "data" transform_param { scale: 0.00390625 }\n'
        '  data_param { source: "mnist_test_lmdb" batch_size: 100 backend: LMDB } }\n'
        'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }\n'
    )
    net = converter.load(tmp_path / "net.prototxt", inputs={"data": (1, 1, 6, 8)}, seed=0)
    assert net.transform(IMAGE[..., 0]).shape == (1, 1, 6, 8)
    assert float(net.transform(np.full((6, 8), 128, np.uint8)).max()) == 0.5


def test_a_gray_net_takes_gray_and_color(tmp_path):
    net = loaded(tmp_path)
    net.transform = Preprocessing(color="gray", scale=1 / 256)
    assert net.transform(IMAGE[..., 0]).shape == (1, 1, 6, 8)
    luma = (IMAGE.astype(np.float64) @ [0.299, 0.587, 0.114]).round() / 256
    np.testing.assert_allclose(net.transform(IMAGE)[0, 0].numpy(), luma, atol=1e-6)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (IMAGE.astype(np.float32), "float32 of shape"),
        (IMAGE[..., :2], "expected uint8"),
        (IMAGE[..., 0], "a gray image"),
        (IMAGE[:3], None),
    ],
)
def test_what_is_no_image_of_the_net_is_refused(image, words, tmp_path):
    net = loaded(tmp_path)
    if words is None:
        net.transform = Preprocessing(crop=(4, 4))
        words = "3×8 for a crop of 4×4"
    with pytest.raises(ImageError, match=words):
        net.transform(image)


def test_folded_preprocessing_takes_raw_images(tmp_path):
    net = loaded(tmp_path)
    folded = converter.fold_preprocessing(copy.deepcopy(net))
    crop = IMAGE[1:5, 2:6]
    raw = torch.from_numpy(crop.astype(np.float32).transpose(2, 0, 1)[None])
    with torch.no_grad():
        wanted, found = net(data=net.transform(IMAGE))["conv1"], folded(data=raw)["conv1"]
    assert (wanted - found).abs().max() <= 1e-5 * 123  # sums of numbers up to 255 in float32
    assert any("takes R, G, B in 0 to 255" in note and "pads with the mean" in note for note in folded.notes)
    assert folded.transform is None
    with pytest.raises(GraphError, match="does not say how"):
        converter.fold_preprocessing(folded)


def test_a_first_convolution_without_padding_stays_torchs_own(tmp_path):
    net = loaded(tmp_path, TRAIN_VAL.replace("pad: 1 ", ""))
    folded = converter.fold_preprocessing(copy.deepcopy(net))
    assert type(folded.conv1) is torch.nn.Conv2d
    raw = torch.from_numpy(IMAGE[1:5, 2:6].astype(np.float32).transpose(2, 0, 1)[None])
    with torch.no_grad():
        wanted, found = net(data=net.transform(IMAGE))["conv1"], folded(data=raw)["conv1"]
    assert (wanted - found).abs().max() <= 1e-5 * 123


def test_only_a_convolution_that_alone_reads_the_image_takes_preprocessing(tmp_path):
    branch = 'layer { name: "relu" type: "ReLU" bottom: "data" top: "other" }'
    net = loaded(tmp_path, TRAIN_VAL + branch)
    with pytest.raises(GraphError, match="'data' is read by 'conv1', 'relu'"):
        converter.fold_preprocessing(net)
    with pytest.raises(GraphError, match="takes 3 channels; images have 1"):
        converter.fold_preprocessing(loaded(tmp_path), Preprocessing(color="gray"))


def test_settings_that_contradict_each_other_are_refused():
    for settings in ({"color": "hsv"}, {"mean": (1.0, 2.0)}, {"mean": (1.0,), "mean_image": np.zeros((3, 1, 1))}):
        with pytest.raises(ConversionError):
            Preprocessing(**settings)
