"""A net compiled for shapes that come again, either way: the plain net's numbers, and when it is left alone."""

import pytest
import torch
from torch import nn

import converter
from converter.fast import accelerate, compilation, onednn_library, static_graph
from converter.fast.onednn_graph import GraphProgram
from converter.fast.onednn_library import KernelProgram
from converter.fast.patterns import graph_of
from converter.modules import activations, combine, normalization, select, shapes
from converter.modules.max_pooling import CeilMaxPool2d, MaxPool2d
from converter.modules.pooling import CeilAvgPool2d

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")


@pytest.fixture(autouse=True, params=["library", "graph"])
def way(request, monkeypatch):
    """By kernels of oneDNN's own library, and by torch's oneDNN Graph as where there is no such library."""
    if request.param == "graph":
        monkeypatch.setattr(onednn_library, "missing", lambda: "left out")
    elif onednn_library.missing():
        pytest.skip(onednn_library.missing())
    return {"library": KernelProgram, "graph": GraphProgram}[request.param]


class Block(nn.Module):
    """A residual block behind a convolution, two branches joined, and what comes between."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        self.conv, self.norm, self.scale = nn.Conv2d(4, 8, 3), normalization.CaffeBatchNorm2d(8), combine.Scale((8,))
        self.relu, self.branch, self.add = nn.ReLU(), nn.Conv2d(8, 8, 1), combine.Sum()
        self.between, self.concat = between, combine.Concat()

    def forward(self, x):
        y = self.relu(self.scale(self.norm(self.conv(x))))
        z = self.between(self.relu(self.add(self.branch(y), y)))
        return self.concat(z, z)


def block(between):
    torch.manual_seed(0)
    net = Block(between).eval()
    net.norm.running_var.uniform_(0.5, 2)
    net.scale.weight.data.uniform_(0.5, 2)
    return net


def image(seed, height=13, width=12):
    return torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(seed))


def compiled(net):
    """The accelerated net after a shape's second call, which compiles it."""
    fast = accelerate(net)
    for seed in (0, 1):
        fast(image(seed))
    assert not fast._whole.refused
    (made,) = {type(program) for program in fast._whole._ready.values()}
    assert made is (GraphProgram if onednn_library.missing() else KernelProgram)
    return fast


@pytest.mark.parametrize(
    "between",
    [
        nn.Identity(), MaxPool2d(3, 2, 1), CeilMaxPool2d(3, 2), CeilAvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1),
        nn.PReLU(8), nn.LeakyReLU(0.1), nn.ELU(), nn.Sigmoid(), nn.Tanh(), nn.Softmax(1), nn.LocalResponseNorm(5, 0.1),
        activations.Power(2, 0.5, 1), activations.Abs(), nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=8),
        shapes.Permute((0, 2, 3, 1)), shapes.ShuffleChannels(2), nn.Dropout(0.5),
    ],
    ids=lambda module: type(module).__name__,
)  # fmt: skip
def test_other_numbers_of_the_same_shape_give_the_plain_nets_outputs(between):
    net = block(between)
    fast = compiled(net)
    x = image(7) * 3
    with torch.no_grad():
        torch.testing.assert_close(fast(x), net(x), rtol=1e-5, atol=1e-5)


def test_every_shape_has_its_own_program_and_layouts_do_not_matter():
    net = block(nn.Identity())
    fast = compiled(net)
    for x in (image(3, 20, 9), image(4, 20, 9), image(5), image(6).contiguous(memory_format=torch.channels_last)):
        with torch.no_grad():
            torch.testing.assert_close(fast(x), net(x), rtol=1e-5, atol=1e-5)
    assert len(fast._whole._ready) == 2


SLICED = """input: "data" input_shape { dim: 1 dim: 4 dim: 6 dim: 6 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "s" type: "Slice" bottom: "c" top: "a" top: "b" slice_param { slice_point: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "b" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
"""


def test_several_outputs_keep_their_names(tmp_path):
    (tmp_path / "net.prototxt").write_text(SLICED)
    net = converter.load(tmp_path / "net.prototxt")
    fast, draws = accelerate(net), torch.Generator().manual_seed(0)
    for _ in range(3):
        x = torch.randn(1, 4, 6, 6, generator=draws)
        found, wanted = fast(x), net(x)
        assert list(found) == list(wanted) == ["a", "fc"]
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value.detach(), rtol=1e-5, atol=1e-6)
    assert all(fast._whole._ready.values())


def test_a_layer_whose_steps_depend_on_numbers_is_not_compiled():
    fast = accelerate(nn.Sequential(nn.Conv2d(4, 4, 1), select.ArgMax()))
    assert fast._whole._capture is None
    assert "ArgMax" in static_graph.refusal(graph_of(fast.net), fast.place)


def test_large_nets_and_other_types_are_not_compiled(monkeypatch):
    assert accelerate(block(nn.Identity()))._whole._capture is not None
    assert accelerate(block(nn.Identity()), graphs=False)._whole._capture is None
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        assert accelerate(block(nn.Identity()), dtype=torch.bfloat16)._whole._capture is None
    monkeypatch.setattr(static_graph, "LARGEST", 100)
    assert accelerate(block(nn.Identity()))._whole._capture is None


def test_a_large_net_is_compiled_for_its_first_shape_alone(monkeypatch):
    net = block(nn.Identity())
    monkeypatch.setattr(compilation, "SEVERAL", 100)
    fast = compiled(net)
    for seed in (3, 4, 5):
        x = image(seed, 20, 9)
        with torch.no_grad():
            torch.testing.assert_close(fast(x), net(x), rtol=1e-5, atol=1e-5)
    (why,) = fast._whole.refused.values()
    assert why.endswith("is compiled for one shape alone")


def test_convolutions_that_go_by_tiles_stay_with_them():
    net = nn.Sequential(nn.Conv2d(32, 32, 7, dilation=4)).eval()
    fast, x = accelerate(net), torch.randn(1, 32, 120, 120)
    for _ in range(2):
        fast(x)
    assert list(fast._whole.refused.values()) == ["a convolution of this size goes by tiles, which is faster"]


def test_a_program_that_gives_other_numbers_is_not_taken(monkeypatch):
    for made in (GraphProgram, KernelProgram):
        true = made.run
        monkeypatch.setattr(made, "run", lambda *x, true=true: {name: y * 1.001 for name, y in true(*x).items()})
    net = block(nn.Identity())
    fast = accelerate(net)
    for seed in (0, 1, 2):
        found = fast(image(seed))
    (why,) = fast._whole.refused.values()
    assert "differ" in why
    torch.testing.assert_close(found, net(image(2)).detach(), rtol=1e-5, atol=1e-5)


def test_torchscripts_own_setting_stays_as_it_was():
    before = torch.jit.onednn_fusion_enabled()
    compiled(block(nn.Identity()))
    assert torch.jit.onednn_fusion_enabled() == before


def test_tensors_of_a_compiled_shape_go_straight_to_the_program(monkeypatch):
    net = block(nn.Identity())
    fast = compiled(net)
    wanted = net(image(5)).detach()
    monkeypatch.setattr(fast, "_arguments", lambda *_: pytest.fail("went the long way"))
    for x in (image(5), image(5).contiguous(memory_format=torch.channels_last)):
        found = fast(x)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
        assert found.is_inference()
    with torch.inference_mode():
        torch.testing.assert_close(fast(image(5)), wanted, rtol=1e-5, atol=1e-5)
    assert fast._program((nn.Parameter(image(5)),)) is None


def test_a_global_average_is_of_the_size_that_was_compiled(way):
    net = nn.Sequential(nn.Conv2d(4, 8, 1), nn.AdaptiveAvgPool2d((1, 1)), nn.Conv2d(8, 3, 1)).eval()
    fast = compiled(net)
    for x in (image(3), image(4, 20, 9), image(5, 20, 9), image(6, 20, 9)):
        with torch.no_grad():
            torch.testing.assert_close(fast(x), net(x), rtol=1e-5, atol=1e-5)
    assert [type(made) for made in fast._whole._ready.values()] == [way] * 2


def test_every_other_way_to_give_an_input_is_as_before(tmp_path):
    (tmp_path / "net.prototxt").write_text(SLICED)
    net = converter.load(tmp_path / "net.prototxt")
    fast, x = accelerate(net), torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    wanted = net(x)["fc"].detach()
    for _ in range(2):
        for found in (fast(x), fast(data=x), fast(x.double()), fast(x.numpy()), fast(nn.Parameter(x))):
            torch.testing.assert_close(found["fc"], wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(converter.ShapeError, match="missing data"):
        fast()
    with pytest.raises(converter.ShapeError, match="2 inputs given; the net has 1"):
        fast(x, x)
    with pytest.raises(converter.ShapeError, match="without the batch axis"):
        fast(x[0])
