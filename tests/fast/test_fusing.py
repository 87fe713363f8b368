"""Which rectifications go into the convolution before them, on nets whose numbers can be read off."""

from pathlib import Path

import pytest
import torch
from torch import fx, nn

import converter
from converter.errors import WeightsError
from converter.fast import accelerate
from converter.fast.convolution.filter import Place
from converter.fast.patterns import MovedModule, accelerated_graph, segment

NET = """
input: "x" input_shape { dim: 1 dim: 1 dim: 1 dim: 4 }
layer { name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 1 kernel_size: 1 weight_filler { type: "constant" value: 2 } } }
"""
X = [-2.0, -1.0, 0.0, 3.0]
"""c is twice as much: -4, -2, 0, 6."""
CPU = Place(torch.float32, torch.device("cpu"))


def fast(folder: Path, layers: str) -> tuple[dict[str, list[float]], list[str]]:
    """The outputs of the fast net, and the types of modules that it runs."""
    (folder / "net.prototxt").write_text(NET + layers)
    net = converter.load(folder / "net.prototxt")
    outputs = accelerate(net)(x=torch.tensor(X).reshape(1, 1, 1, 4))
    graph = accelerated_graph(net, CPU)
    ran = [
        type(graph.get_submodule(str(node.target))).__name__ for node in graph.graph.nodes if node.op == "call_module"
    ]
    return {name: value.flatten().tolist() for name, value in outputs.items()}, ran


@pytest.mark.parametrize("top", ["c", "r"])
def test_a_plain_relu_goes_with_its_convolution_in_place_or_not(tmp_path: Path, top: str) -> None:
    found, ran = fast(tmp_path, f'layer {{ name: "r" type: "ReLU" bottom: "c" top: "{top}" }}')
    assert found == {top: [0, 0, 0, 6]}
    assert ran == ["AcceleratedConvolution"]


@pytest.mark.parametrize("top", ["c", "r"])
def test_a_leaky_relu_stays_a_layer_of_its_own(tmp_path: Path, top: str) -> None:
    layers = f'layer {{ name: "r" type: "ReLU" bottom: "c" top: "{top}" relu_param {{ negative_slope: 0.25 }} }}'
    found, ran = fast(tmp_path, layers)
    assert found == {top: [-1, -0.5, 0, 6]}
    assert len(ran) == 2


def test_a_relu_that_is_not_alone_in_reading_is_not_fused(tmp_path: Path) -> None:
    """The Power reads the convolution's own numbers beside a ReLU that is not in place."""
    layers = 'layer { name: "r" type: "ReLU" bottom: "c" top: "r" }\n'
    layers += 'layer { name: "p" type: "Power" bottom: "c" top: "p" power_param { shift: 1 } }'
    found, ran = fast(tmp_path, layers)
    assert found == {"r": [0, 0, 0, 6], "p": [-3, -1, 1, 7]}
    assert "ReLU" in ran


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ('"ReLU6"', [0, 0, 0, 6]),
        ('"ELU" elu_param { alpha: 0 }', [0, 0, 0, 6]),
        ('"AbsVal"', [4, 2, 0, 6]),
        ('"PReLU" prelu_param { filler { value: 0.5 } }', [-2, -1, 0, 6]),
    ],
)
def test_other_activations_are_not_taken_for_it(tmp_path: Path, kind: str, wanted: list[float]) -> None:
    found, ran = fast(tmp_path, f'layer {{ name: "r" type: {kind} bottom: "c" top: "r" }}')
    assert found == {"r": wanted}
    assert len(ran) == 2


def test_a_second_relu_is_left_and_a_dropout_goes(tmp_path: Path) -> None:
    layers = 'layer { name: "d" type: "Dropout" bottom: "c" top: "d" }\n'
    layers += 'layer { name: "r" type: "ReLU" bottom: "d" top: "r" }\n'
    layers += 'layer { name: "q" type: "ReLU" bottom: "r" top: "q" }'
    found, ran = fast(tmp_path, layers)
    assert found == {"q": [0, 0, 0, 6]}
    assert ran[0] == "AcceleratedConvolution"
    assert "Dropout" not in ran


def test_a_convolution_without_relu_keeps_its_negative_numbers(tmp_path: Path) -> None:
    assert fast(tmp_path, "") == ({"c": [-4, -2, 0, 6]}, ["AcceleratedConvolution"])


def test_a_transposed_convolution_takes_no_relu_along(tmp_path: Path) -> None:
    layers = 'layer { name: "t" type: "Deconvolution" bottom: "c" top: "t" convolution_param { num_output: 1 '
    layers += 'kernel_size: 1 weight_filler { type: "constant" value: -1 } } }\n'
    layers += 'layer { name: "r" type: "ReLU" bottom: "t" top: "r" }'
    found, ran = fast(tmp_path, layers)
    assert found == {"r": [4, 2, 0, 0]}
    assert len(ran) == 3


def test_a_moved_modules_numbers_take_the_places_type_once_and_its_own_stay() -> None:
    linear = nn.Linear(1, 1, bias=False)
    nn.init.constant_(linear.weight, 1.00390625)  # 1 + 2^-8: rounds to 1 in bfloat16
    moved = MovedModule(linear, Place(torch.bfloat16, torch.device("cpu")))
    with torch.no_grad():
        assert moved(torch.ones(1, dtype=torch.bfloat16)).item() == 1
    assert linear.weight.item() == 1.00390625
    assert list(moved.parameters()) == []


def test_a_batch_norms_numbers_keep_their_type() -> None:
    """Float16 ends at 65504; a variance may be larger."""
    norm = nn.BatchNorm2d(1, affine=False, eps=0.0).eval()
    norm.running_var.fill_(1e6)
    moved = MovedModule(norm, Place(torch.bfloat16, torch.device("cpu")))
    assert moved(torch.full((1, 1, 1, 1), 1000.0)).item() == 1


def test_a_number_beyond_the_places_type_is_refused() -> None:
    """Float16 ends at 65504."""
    linear = nn.Linear(1, 1, bias=False)
    nn.init.constant_(linear.weight, 65504)
    half = Place(torch.float16, torch.device("cpu"))
    assert MovedModule(linear, half)(torch.ones(1, dtype=torch.float16)).item() == 65504
    nn.init.constant_(linear.weight, 70000)
    with pytest.raises(WeightsError, match="weight"):
        MovedModule(linear, half)(torch.ones(1, dtype=torch.float16))


def test_a_part_of_a_chain_begins_behind_one_module_and_ends_with_another() -> None:
    """x → 2x → 2x + 1: from the input or behind a module, to one or to the end."""
    chain = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1), nn.Flatten(0))
    for parameter, value in zip(chain.parameters(), (2, 1, 1), strict=True):
        nn.init.constant_(parameter, value)
    graph = fx.symbolic_trace(chain)
    x = torch.tensor([[3.0], [5.0]])
    with torch.no_grad():
        assert segment(graph, None, None)(x).tolist() == [7, 11]
        assert segment(graph, None, "0")(x).tolist() == [[6], [10]]
        assert segment(graph, "0", None)(x).tolist() == [4, 6]
        assert segment(graph, "0", "1")(x).tolist() == [[4], [6]]
        assert segment(graph, "1", "2")(x).tolist() == [3, 5]


def test_on_the_cpu_in_float32_modules_stay_where_they_are(tmp_path: Path) -> None:
    _, ran = fast(tmp_path, 'layer { name: "r" type: "PReLU" bottom: "c" top: "r" }')
    assert "MovedModule" not in ran
