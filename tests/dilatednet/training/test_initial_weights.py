"""What the stages begin with: files that fit, files that do not, and what is said about them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from converter.dilatednet.training.initial_weights import initialize
from converter.dilatednet.training.recipes import Recipe, recipe
from converter.dilatednet.training.stages import StageNet, build_stage, weights_of
from converter.errors import TrainingError, WeightsError
from converter.formats.weights.caffemodel_writer import OutputLayer, write_caffemodel
from tests.dilatednet.training.test_vgg import torchvision_state
from tests.dilatednet.training.tiny_training import tiny
from tests.formula_weights import formula_blob


def joint(**overrides: object) -> Recipe:
    return recipe("kitti", "joint", width=2, fc_width=8, **overrides)


def shapes(net: StageNet) -> dict[str, list[tuple[int, ...]]]:
    found: dict[str, list[tuple[int, ...]]] = {}
    for name, value in net.net.named_parameters():
        found.setdefault(name.rpartition(".")[0], []).append(tuple(value.shape))
    return found


def written(path: Path, layers: dict[str, list[tuple[int, ...]]]) -> str:
    """A .caffemodel with the formula's weights."""
    outgoing = [
        OutputLayer(name, "Convolution", tuple(formula_blob(name, i, shape) for i, shape in enumerate(blobs)))
        for name, blobs in layers.items()
    ]
    write_caffemodel(path, "net", outgoing)
    return str(path)


def test_vgg_fills_the_front_end_and_leaves_the_classifier_to_its_start(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = build_stage(tiny())
    layers = shapes(net)
    classifier = layers.pop("fc-final")
    layers["fc8"] = [(10, 8, 1, 1), (10,)]
    notes = initialize(net, tiny(), [written(tmp_path / "vgg.caffemodel", layers)])
    assert notes == [
        "not in the weights, begun afresh: fc-final",
        "in the weights, not in this stage's net: fc8",
    ]
    state = net.net.state_dict()
    np.testing.assert_array_equal(state["fc6.weight"], formula_blob("fc6", 0, layers["fc6"][0]))
    assert tuple(state["fc-final.weight"].shape) == classifier[0]
    assert 0 < float(state["fc-final.weight"].std()) < 0.003
    assert not state["fc-final.bias"].any()


@pytest.mark.parametrize("ones", [(), (1,), (1, 1)])
def test_an_inner_product_fc6_is_reshaped(tmp_path: Path, ones: tuple[int, ...]) -> None:
    """As a matrix, and as old files have it, with ones in front up to four axes."""
    net = build_stage(tiny())
    layers = shapes(net)
    outputs, inputs, height, width = layers["fc6"][0]
    layers["fc6"] = [(*ones, outputs, inputs * height * width), (*ones, *ones[:1], outputs)]
    initialize(net, tiny(), [written(tmp_path / "vgg.caffemodel", layers)])
    flat = formula_blob("fc6", 0, layers["fc6"][0])
    np.testing.assert_array_equal(net.net.state_dict()["fc6.weight"].reshape(flat.shape), flat)


def test_torchvisions_state_dict_fills_the_front_end(tmp_path: Path) -> None:
    state = torchvision_state()
    torch.save(state, tmp_path / "vgg16.pth")
    net = build_stage(tiny())
    notes = initialize(net, tiny(), [str(tmp_path / "vgg16.pth")])
    assert notes == ["not in the weights, begun afresh: fc-final"]
    assert torch.equal(net.net.state_dict()["conv5_3.weight"], state["features.28.weight"])


def test_the_joint_stage_takes_front_end_and_context_from_two_files(tmp_path: Path) -> None:
    net = build_stage(joint())
    layers = shapes(net)
    context = {name: blobs for name, blobs in layers.items() if name.startswith("ctx_")}
    front = {name: blobs for name, blobs in layers.items() if name not in context}
    files = [written(tmp_path / "f.caffemodel", front), written(tmp_path / "c.caffemodel", context)]
    assert initialize(net, joint(), files) == []
    for name, blobs in layers.items():
        np.testing.assert_array_equal(net.net.state_dict()[f"{name}.bias"], formula_blob(name, 1, blobs[1]))


def test_a_context_module_that_no_file_has_begins_as_the_identity(tmp_path: Path) -> None:
    net = build_stage(joint(noise=0.0))
    front = {name: blobs for name, blobs in shapes(net).items() if not name.startswith("ctx_")}
    (note,) = initialize(net, joint(), [written(tmp_path / "f.caffemodel", front)])
    assert note.startswith("not in the weights, begun afresh: ctx_conv1_1")
    features = torch.randn(1, 11, 9, 9)
    context = torch.nn.Sequential(*(m for n, m in net.net.named_children() if n.startswith("ctx_")))
    assert torch.equal(context(features), features.clamp(min=0))


def test_the_published_upsampling_kernel_is_saved_with_a_joint_net() -> None:
    net = build_stage(recipe("cityscapes", "joint", width=2, fc_width=8))
    kernel = weights_of(net, recipe("cityscapes", "joint", width=2, fc_width=8))["ctx_upsample.weight"]
    assert tuple(kernel.shape) == (19, 1, 16, 16)
    tent = (np.minimum(np.arange(16), np.arange(16)[::-1]) * 2 + 1) / 16
    np.testing.assert_allclose(kernel[7, 0], np.outer(tent, tent), atol=1e-7)


def test_a_front_end_without_weights_is_refused() -> None:
    with pytest.raises(TrainingError, match="--weights, or --from-scratch"):
        initialize(build_stage(tiny()), tiny(), [])


def test_missing_layers_of_the_front_end_are_named(tmp_path: Path) -> None:
    net = build_stage(tiny())
    layers = {name: blobs for name, blobs in shapes(net).items() if name != "conv4_2"}
    with pytest.raises(WeightsError, match=r"conv4_2\.weight, conv4_2\.bias") as caught:
        initialize(net, tiny(), [written(tmp_path / "f.caffemodel", layers)])
    assert caught.value.missing == ("conv4_2.weight", "conv4_2.bias")


def test_weights_of_another_width_are_refused(tmp_path: Path) -> None:
    wide = shapes(build_stage(tiny(width=4)))
    with pytest.raises(WeightsError, match=r"conv1_1\.weight: \(4, 3, 3, 3\) in the file, \(2, 3, 3, 3\) in the net"):
        initialize(build_stage(tiny()), tiny(), [written(tmp_path / "f.caffemodel", wide)])


def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="belongs to stage frontend"):
        initialize(build_stage(tiny()), tiny(), [written(tmp_path / "f.caffemodel", {"elsewhere": [(1, 2)]})])


def test_a_pth_that_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.pth").write_bytes(b"not a zip")
    with pytest.raises(WeightsError, match="not a state dict"):
        initialize(build_stage(tiny()), tiny(), [str(tmp_path / "broken.pth")])


def test_a_net_without_weights_says_what_it_begins_with() -> None:
    front = tiny(seed=4)
    assert initialize(build_stage(front), front, [], from_scratch=True) == [
        "no weights to begin with: the front end is random, seed 4"
    ]
    context = recipe("kitti", "context")
    (note,) = initialize(build_stage(context), context, [])
    assert note == "no weights to begin with: the context module hands on what it gets (equations 4 and 5)"
