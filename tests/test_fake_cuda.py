"""Every layer type on a device that is not there: no number made on, sent to or read by the host within a pass."""

import pytest
import torch

import converter
from tests.fake_device import HostError, HostWatch, cuda_autocast, empty_like_module, fake_cuda
from tests.ladder import Rung, Setup, rungs, setup
from tests.places import GOLDENS

BY_DATA = {
    "DenseCRF": "how far the lattice reaches is decided by the image",
    "DetectionEvaluate": "boxes are marked one after another",
    "DetectionOutput": "how many boxes there are is decided by their scores",
    "EvalDetection": "boxes are suppressed one after another, which the CPU does faster",
    "MultiBoxLoss": "how many boxes are trained on is decided by their matches",
    "MultiStageMeanfield": "how far the lattice reaches is decided by the image",
    "Filter": "how many items stay is decided by the selector",
    "Proposal": "boxes are suppressed one after another, which the CPU does faster",
    "PSROIPooling": "each image's regions are picked out",
    "ROIPooling": "how long bins are is decided by the regions",
    "RegionLoss": "each true box falls to a cell of its own",
    "Yolov3": "each true box falls to a cell of its own",
    "YoloDetectionOutput": "how many boxes there are is decided by their scores",
    "Yolov3DetectionOutput": "how many boxes there are is decided by their scores",
}
"""Types that wait for the device within a pass, and why."""

WAITING = [rung for rung in rungs() if rung.type == "Python" and rung.case.name.startswith("rpn.")]
"""Python layers of Faster R-CNN's, which choose boxes by their overlaps."""

RUNGS = [rung for rung in rungs() if rung.type not in BY_DATA and rung not in WAITING]
FIRST = list({rung.type: rung for rung in reversed(rungs())}.values())[::-1]
PLAIN = [rung for rung in FIRST if rung.type not in BY_DATA]

SINGLE_IN_AUTOCAST = {
    *("BNLL", "ContrastiveLoss", "EuclideanLoss", "Exp", "HingeLoss", "InfogainLoss", "Log", "LRN"),
    *("MultinomialLogisticLoss", "Normalize", "Power", "SigmoidCrossEntropyLoss", "SmoothL1Loss", "Softmax"),
    "SoftmaxWithLoss",
}
"""Types that autocast computes in float32 from float16: exponentials, logarithms, powers, long sums and losses."""

HALF_IN_AUTOCAST = {
    *("Convolution", "Deconvolution", "DepthwiseConvolution", "HoleConvolution", "InnerProduct", "NdConvolution"),
    "RNN",
}
"""Types that autocast computes in float16 from float32: products."""


def run_fake(rung: Rung, ready: Setup, module: torch.dtype, given: torch.dtype) -> dict[str, torch.Tensor]:
    """Every blob of a case on fake CUDA: the module's numbers and the inputs in these types."""
    empty_like_module(ready.module, "cuda:0", module)
    fed = {name: torch.empty(value.shape, dtype=given, device="cuda:0") for name, value in ready.inputs.items()}
    return ready.module.blobs(**fed)


def tops(rung: Rung, blobs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    return [blobs[name] for name in rung.case.tops]


@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_a_pass_stays_on_the_device(rung: Rung, tmp_path):
    ready = setup(rung, tmp_path, single=True)

    with fake_cuda():
        blobs = run_fake(rung, ready, torch.float32, torch.float32)

    assert {str(blob.device) for blob in blobs.values()} == {"cuda:0"}
    assert [tuple(top.shape) for top in tops(rung, blobs)] == list(ready.module.plan.step("it").top_shapes)


@pytest.mark.parametrize("rung", [*WAITING, *(rung for rung in FIRST if rung.type in BY_DATA)], ids=str)
def test_what_is_said_to_wait_for_the_device_does(rung: Rung, tmp_path):
    ready = setup(rung, tmp_path, single=True)

    with fake_cuda(), pytest.raises(Exception, match=r"the host waits|a copy of .* to the CPU|aten\.nonzero"):
        run_fake(rung, ready, torch.float32, torch.float32)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("rung", PLAIN, ids=str)
def test_a_module_of_a_type_answers_in_it(rung: Rung, dtype, tmp_path):
    ready = setup(rung, tmp_path, single=True)

    with fake_cuda():
        blobs = run_fake(rung, ready, dtype, dtype)

    assert {top.dtype for top in tops(rung, blobs)} <= {dtype}


@pytest.mark.parametrize("given", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("rung", PLAIN, ids=str)
def test_under_autocast_products_are_float16_and_long_sums_float32(rung: Rung, given, tmp_path):
    ready = setup(rung, tmp_path, single=True)

    with fake_cuda(), cuda_autocast(torch.float16):
        blobs = run_fake(rung, ready, torch.float32, given)

    found = {top.dtype for top in tops(rung, blobs)}
    if rung.type in SINGLE_IN_AUTOCAST:
        assert found == {torch.float32}
    elif rung.type in HALF_IN_AUTOCAST:
        assert found == {torch.float16}
    else:
        assert found <= {torch.float32, torch.float16}


@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_on_meta_shapes_are_the_plans_and_gradients_stay(rung: Rung, tmp_path):
    ready = setup(rung, tmp_path, single=True)
    net = ready.module.to("meta")
    fed = {
        name: torch.empty(value.shape, device="meta", requires_grad=rung.case.inputs[name].smooth)
        for name, value in ready.inputs.items()
    }

    with HostWatch():
        blobs = net.blobs(**fed)
        summed = [top.sum() for top in tops(rung, blobs) if top.requires_grad]
        if summed:
            torch.autograd.backward(summed)

    assert [tuple(top.shape) for top in tops(rung, blobs)] == list(net.plan.step("it").top_shapes)
    gradients = [value.grad for value in (*fed.values(), *net.parameters()) if value.grad is not None]
    assert bool(gradients) == bool(summed) and all(gradient.is_meta for gradient in gradients)


@pytest.mark.parametrize("path", sorted((GOLDENS / "nets" / "mini").glob("*.prototxt")), ids=lambda path: path.stem)
def test_a_net_on_meta_gives_every_shape_that_its_plan_states(path):
    net = converter.load(path, seed=0).to("meta")
    fed = {name: torch.empty(shape, device="meta") for name, shape in net.inputs.items()}

    blobs, outputs = net.blobs(**fed), net(**fed)

    assert {name: tuple(blob.shape) for name, blob in blobs.items()} == dict(net.plan.shapes)
    assert outputs and all(tuple(value.shape) == net.plan.shapes[name] for name, value in outputs.items())


def test_the_watch_refuses_what_a_card_could_not_do():
    with fake_cuda():
        x = torch.ones(3, device="cuda:0")
        for wrong in (
            x.cpu,
            lambda: x.sum().item(),
            x.tolist,
            lambda: bool(x[0] > 1),
            x.nonzero,
            lambda: torch.zeros(3),
            lambda: x[torch.tensor([0, 1])],
            lambda: torch.arange(3).to("cuda:0"),
        ):
            with pytest.raises(HostError):
                wrong()


def test_the_watch_lets_pass_what_a_card_does():
    with fake_cuda():
        x = torch.ones(3, device="cuda:0")
        made = [x * torch.tensor(2.0), x.new_tensor([1.0, 2.0]), torch.tensor([1.0, 2.0], device="cuda:0"), x.half()]

    assert {value.device.type for value in made} == {"cuda"}
