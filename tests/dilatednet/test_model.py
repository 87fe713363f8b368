"""DilatedNet against Caffe's answers, and its identity start against the paper's equations."""

import re

import numpy as np
import pytest
import torch

import converter
from converter.dilatednet import ZOO, DilatedNet, FrontEnd, Topology, load
from converter.errors import CaffemodelError, WeightsError
from tests.dilatednet.formula_nets import formula_arrays, formula_net
from tests.formula_weights import formula_blob, formula_image, sample
from tests.places import GOLDENS

MINI = GOLDENS / "nets" / "mini"
PREDICTORS = [name for name in ZOO if name != "vgg_conv"]
KITTI = MINI / "dilation7_kitti_mini.caffemodel"


def golden_input(path) -> torch.Tensor:
    height, width = map(int, re.findall(r"dim: (\d+)", path.read_text())[2:4])
    return torch.from_numpy(formula_image(height, width))[None]


def worst_against(golden, blobs: dict[str, torch.Tensor]) -> dict[str, float]:
    """Largest difference of each blob over its largest magnitude (`prob`: as it is), after checking every shape."""
    worst: dict[str, float] = {}
    for key in golden.files:
        kind, blob = key.split(":", 1)
        if kind == "argmax":
            continue
        ours = blobs[blob].numpy()
        if kind == "shape":
            assert tuple(golden[key]) == ours.shape, key
            continue
        scale = 1.0 if blob == "prob" else np.abs(ours).max()
        seen = sample(ours) if kind == "sample" else ours
        worst[blob] = max(worst.get(blob, 0.0), float(np.abs(seen - golden[key]).max() / scale))
    return worst


def assert_agrees(golden, blobs: dict[str, torch.Tensor], count: int) -> None:
    worst = worst_against(golden, blobs)
    assert len(worst) == count
    assert worst.pop("prob") <= 2e-4
    assert max(worst.values()) <= 2e-5, max(worst, key=worst.get)


@pytest.mark.parametrize("name", PREDICTORS)
def test_every_blob_of_a_mini_net_is_caffes(name):
    golden = np.load(MINI / f"{name}_mini.npz")
    with torch.inference_mode():
        blobs = formula_net(name).blobs(golden_input(MINI / f"{name}_mini.prototxt"))
    assert_agrees(golden, blobs, count=len({key.split(":")[1] for key in golden.files}))
    assert (blobs["prob"].numpy().argmax(1) == golden["out:prob"].argmax(1)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dilation8_pascal_voc", "frontend_pascal_voc"])
def test_every_blob_of_a_full_size_net_is_caffes(name):
    golden = np.load(GOLDENS / "nets" / "full" / f"{name}.npz")
    net = formula_net(name, 64, 4096)
    with torch.inference_mode():
        blobs = net.blobs(golden_input(GOLDENS / "nets" / "full" / f"{name}.prototxt"))
    assert_agrees(golden, blobs, count=len({key.split(":")[1] for key in golden.files}))
    assert (blobs["prob"].numpy().argmax(1) == golden["argmax:prob"]).all()


@pytest.mark.parametrize("form", ["caffemodel", "h5", "converted.safetensors", "converted.pth"])
def test_weights_that_caffe_wrote_answer_as_caffe(form, tmp_path):
    path = KITTI.with_name(f"{KITTI.name}.h5") if form == "h5" else KITTI
    if form.startswith("converted"):
        converter.convert(KITTI, tmp_path / form)
        path = tmp_path / form
    with torch.inference_mode():
        blobs = load("dilation7_kitti", path).blobs(golden_input(MINI / "dilation7_kitti_mini.prototxt"))
    assert_agrees(np.load(MINI / "dilation7_kitti_mini.npz"), blobs, count=len(blobs) - 1)


def test_a_model_of_the_early_fork_loads_with_its_weights():
    net = load("dilation7_kitti", GOLDENS / "nets" / "formats" / "early_fork_2016_public.caffemodel")
    for name, value in net.state_dict().items():
        layer, part = name.split(".")
        expected = formula_blob(layer, int(part == "bias"), tuple(value.shape))
        assert np.array_equal(value.numpy(), expected), name


def test_a_saved_state_dict_loads_and_gives_the_same_parameters(tmp_path):
    net = load("dilation7_kitti", KITTI)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    from safetensors.torch import save_file

    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        again = load("dilation7_kitti", tmp_path / name)
        assert all(torch.equal(value, again.state_dict()[key]) for key, value in net.state_dict().items())
    assert torch.equal(net.fc6.weight, torch.from_numpy(formula_blob("fc6", 0, (128, 32, 7, 7))))


def test_features_logits_and_call_are_three_stages_of_one_run():
    net, x = formula_net("dilation10_cityscapes"), torch.from_numpy(formula_image(388, 396))[None]
    with torch.inference_mode():
        blobs = net.blobs(x)
        assert torch.equal(net.features(x), blobs["final"])
        assert torch.equal(net.logits(x), blobs["ctx_upsample"])
        assert torch.equal(net(x), blobs["prob"])
    assert blobs["prob"].shape == (1, 19, 16, 24)


def test_classifier_context_end_and_upsampling_answer_negative_numbers_too():
    x = torch.from_numpy(formula_image(400, 400))[None]
    with torch.inference_mode():
        blobs = formula_net("dilation10_cityscapes").blobs(x)
    assert all(float(blobs[name].min()) < 0 for name in ("final", "ctx_final", "ctx_upsample"))
    assert all(float(blobs[name].min()) >= 0 for name in ("conv1_1", "fc7", "ctx_fc1"))


def test_state_dict_keys_are_caffes_layers():
    keys = set(DilatedNet.of(ZOO["dilation8_pascal_voc"].with_width(2, 4).topology).state_dict())
    assert {"conv1_1.weight", "fc6.bias", "fc-final.weight", "ct_conv1_1.weight", "ct_final.bias"} <= keys
    assert len(keys) == 2 * (13 + 3 + 8)


def test_the_layer_after_a_odd_sized_blob_is_pooled_up():
    net = FrontEnd(Topology(3, context=None, width=1, fc_width=1))
    with torch.inference_mode():
        # KITTI's width: pool3 reads 401 columns and gives 201; floor pooling would end at 158 columns.
        assert net(torch.zeros(1, 3, 380, 1640)).shape == (1, 3, 1, 159)


def test_training_drops_half_of_fc6_and_evaluation_none():
    torch.manual_seed(0)
    net = DilatedNet(2, None, width=1, fc_width=400)
    x = torch.from_numpy(formula_image(388, 388))[None]
    with torch.no_grad():
        net.train()
        kept = (net.blobs(x)["fc6"] != 0).float().mean()
        net.eval()
        all_of = (net.blobs(x)["fc6"] != 0).float().mean()
    assert 0.4 < float(kept / all_of) < 0.6


def test_gradients_reach_every_parameter_that_learns():
    torch.manual_seed(1)
    net = DilatedNet.of(ZOO["dilation10_cityscapes"].with_width(2, 8).topology, noise=0.01)
    net.logits(torch.from_numpy(formula_image(388, 388))[None]).square().sum().backward()
    without = [name for name, value in net.named_parameters() if value.grad is None]
    assert without == ["ctx_upsample.weight"]


def test_an_account_of_weights_names_all_that_is_wrong_at_once():
    arrays = formula_arrays(ZOO["dilation7_kitti"].with_width(4, 128).topology)
    del arrays["conv5_2"]
    arrays["stranger"] = [np.zeros(3, np.float32)]
    arrays["fc7"][1] = np.zeros(127, np.float32)
    arrays["final"] = arrays["final"][:1]
    with pytest.raises(WeightsError, match="do not belong") as caught:
        load("dilation7_kitti", arrays)
    assert caught.value.missing == ("conv5_2",)
    assert caught.value.unexpected == ("stranger",)
    assert [item.split(":")[0] for item in caught.value.misshapen] == ["fc7.bias", "final"]


def test_a_net_of_another_name_style_is_refused_with_the_file():
    with pytest.raises(WeightsError, match=r"dilation7_kitti_mini.caffemodel: .*missing.*fc-final") as caught:
        load("dilation8_pascal_voc", KITTI)
    assert "ctx_conv1_1" in caught.value.unexpected


def test_legacy_biases_with_ones_before_them_fit_and_new_ones_do_not():
    from converter.dilatednet.loading import account
    from converter.formats.weights.stored import StoredBlob

    topology = ZOO["dilation7_kitti"].with_width(1, 2).topology
    arrays = formula_arrays(topology)
    for legacy in (True, False):
        stored = {
            name: [StoredBlob(blob.reshape((1,) * (4 - blob.ndim) + blob.shape), legacy) for blob in blobs]
            for name, blobs in arrays.items()
        }
        if legacy:
            assert account(topology, stored)["fc6.bias"].shape == (2,)
        else:
            with pytest.raises(WeightsError, match=r"1×1×1×2 in the file, 2 in the net"):
                account(topology, stored)


def test_a_pth_file_that_is_no_state_dict_is_refused(tmp_path):
    for name, content in (("empty.pth", b""), ("text.pth", b"<html></html>")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CaffemodelError, match=r"is empty|web page"):
            load("dilation7_kitti", tmp_path / name)
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(CaffemodelError, match="not a state_dict"):
        load("dilation7_kitti", tmp_path / "list.pth")


@pytest.mark.parametrize("wrong", [{"depth": 3}, {"context": "huge"}, {"padding": "none"}, {"classes": -1}])
def test_a_topology_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"classes|context|padding"):
        Topology(**{"classes": 2, **wrong})


def test_the_net_is_compiled_as_one_graph():
    net, x = formula_net("dilation7_kitti"), golden_input(MINI / "dilation7_kitti_mini.prototxt")
    with torch.inference_mode():
        wanted = net(x)
        prob = torch.compile(net, backend="eager", fullgraph=True)(x)
    torch.testing.assert_close(prob, wanted)


def test_a_strict_export_takes_images_of_other_sizes():
    net, x = formula_net("dilation8_camvid"), golden_input(MINI / "dilation8_camvid_mini.prototxt")
    sides = {2: torch.export.Dim("height", min=400), 3: torch.export.Dim("width", min=400)}
    exported = torch.export.export(net, (x,), dynamic_shapes=(sides,), strict=True).module()
    with torch.inference_mode():
        for image in (x, torch.from_numpy(formula_image(452, 436))[None]):
            torch.testing.assert_close(exported(image), net(image))


@pytest.mark.gpu
def test_a_mini_net_on_cuda_is_caffes():
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    for name in PREDICTORS:
        golden = np.load(MINI / f"{name}_mini.npz")
        net = formula_net(name).cuda()
        with torch.inference_mode():
            blobs = net.blobs(golden_input(MINI / f"{name}_mini.prototxt").cuda())
        cpu = {key: value.cpu() for key, value in blobs.items()}
        assert_agrees(golden, cpu, count=len({key.split(":")[1] for key in golden.files}))


def test_transform_makes_the_nets_input():
    """PASCAL VOC's mean in fyu/dilation is B 102.93, G 111.36, R 116.52; a picture of R 200, G 150, B 100."""
    model = ZOO["dilation8_pascal_voc"].with_width(2, 4)
    net = load(model, formula_arrays(model.topology))
    made = net.transform(np.full((2, 3, 3), (200, 150, 100), np.uint8))

    assert made.shape == (1, 3, 2, 3)
    assert made.dtype == torch.float32
    for plane, value in zip(made[0], (100 - 102.93, 150 - 111.36, 200 - 116.52), strict=True):
        assert torch.allclose(plane, torch.tensor(value), atol=1e-4)


def test_a_net_without_a_record_has_no_transform():
    assert DilatedNet(3, width=2, fc_width=4).transform is None
