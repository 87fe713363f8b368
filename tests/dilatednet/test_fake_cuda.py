"""DilatedNet, its labels and its training on a device that is not there, up to where numbers have to come back."""

import numpy as np
import pytest
import torch

from converter.dilatednet import DilatedNet, find
from converter.dilatednet.inference.canvas import Canvas
from converter.dilatednet.inference.predict import predict_labels_on_device, run_batch
from converter.dilatednet.inference.tiles import tiles
from converter.dilatednet.training.loss import valid_loss
from converter.dilatednet.training.recipes import Recipe, recipe
from converter.dilatednet.training.stages import StageNet, build_optimizer, build_stage
from tests.fake_device import HostWatch, cuda_autocast, empty_like_module, fake_cuda

NETS = ["dilation8_pascal_voc", "frontend_pascal_voc", "dilation10_cityscapes", "dilation7_kitti", "dilation8_camvid"]
STAGES = ["frontend", "context", "joint"]
NARROW = {"width": 4, "fc_width": 16, "batch": 2, "crop": 500}


def narrow(name: str) -> DilatedNet:
    with torch.device("meta"):
        return DilatedNet.of(find(name).with_width(4, 16).topology).eval()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", NETS)
def test_an_image_becomes_labels_without_waiting(name, dtype):
    """Tiles of 500×500 of an image of 300×200: 128 pixels a tile, 3 by 2 tiles."""
    model, net = find(name), narrow(name)
    every = list(tiles((300, 200), (500, 500)))

    with fake_cuda():
        empty_like_module(net, "cuda:0", dtype)
        x = torch.empty(len(every), 3, 500, 500, dtype=dtype, device="cuda:0")
        prob = run_batch(net, x, model, (500, 500))
        labels = predict_labels_on_device(zip(every, prob, strict=True), model, (300, 200))

    assert len(every) == 6
    assert prob.dtype == torch.float32 and str(prob.device) == "cuda:0"
    assert (labels.dtype, tuple(labels.shape), str(labels.device)) == (torch.uint8, (300, 200), "cuda:0")


def test_a_tile_is_cut_on_the_device_from_an_image_that_is_sent_as_it_is(monkeypatch):
    """Pixels go as uint8; the tile is their float32, B, G, R minus the mean. Pinned memory needs a card."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    tile = next(iter(tiles((300, 200), (500, 500))))

    with fake_cuda(watch=False):
        canvas = Canvas(np.zeros((300, 200, 3), np.uint8), (104.0, 117.0, 123.0), torch.device("cuda:0"))
        x = canvas.crop_tile(tile)

    assert (canvas._pixels.dtype, str(canvas._pixels.device)) == (torch.uint8, "cuda:0")
    assert (x.dtype, tuple(x.shape), str(x.device)) == (torch.float32, (1, 3, 500, 500), "cuda:0")


def batch_of(made: Recipe, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Crops of 500 give 16×16 cells; the context stage is fed the front end's logits of 16×16 cells."""
    side = 16
    shape = (made.batch, 21, side, side) if made.stage == "context" else (made.batch, 3, made.crop, made.crop)
    labels = torch.zeros((made.batch, side, side), dtype=torch.long, device=device)
    return torch.empty(shape, device=device), labels


def stage(name: str, clip: float | None = None) -> tuple[Recipe, StageNet]:
    made = recipe("voc", name, clip_gradients=clip, **NARROW)
    with torch.device("meta"):
        return made, build_stage(made).train()


@pytest.mark.parametrize("name", STAGES)
def test_an_update_stays_on_the_device(name):
    made, net = stage(name)
    optimizer = build_optimizer(net.net, made)
    x, labels = batch_of(made, "meta")

    with HostWatch():
        for _ in range(2):
            torch.autograd.backward(valid_loss(net(x), labels))
            optimizer.step()

    trained = [value for value in net.parameters() if value.requires_grad]
    assert trained and all(value.grad.is_meta and optimizer.history(value)[0].is_meta for value in trained)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", STAGES)
def test_under_autocast_logits_are_short_and_the_loss_is_float32(name, dtype):
    made, net = stage(name)

    with fake_cuda():
        empty_like_module(net, "cuda:0")
        x, labels = batch_of(made, "cuda:0")
        with cuda_autocast(dtype):
            logits = net(x)
        loss = valid_loss(logits, labels)

    assert (logits.dtype, loss.dtype, str(loss.device)) == (dtype, torch.float32, "cuda:0")


def test_a_scaler_of_gradients_moves_the_net_on_the_device(monkeypatch):
    """The scaler reads one number, whether any gradient overflowed, before it asks for the step: left out here."""
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.amp.GradScaler, "_maybe_opt_step", lambda _, optimizer, __: optimizer.step())
    made, net = stage("frontend")

    with fake_cuda():
        empty_like_module(net, "cuda:0")
        optimizer, scaler = build_optimizer(net.net, made), torch.amp.GradScaler("cuda")
        scaled = scaler.scale(torch.zeros((), device="cuda:0"))
        for value in net.parameters():
            value.grad = torch.zeros_like(value)
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()

    assert str(scaled.device) == "cuda:0"
    trained = [value for value in net.parameters() if value.requires_grad]
    assert trained and {str(optimizer.history(value)[0].device) for value in trained} == {"cuda:0"}
