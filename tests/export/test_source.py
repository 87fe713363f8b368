"""Readable source: it runs without this project and gives Caffe's numbers, it is formatted, typed and deterministic."""

import copy
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import converter
from converter.errors import OutputError
from converter.export.provenance import Provenance
from converter.export.source.definitions import read_source
from converter.export.source.document import source_of, write_source
from converter.export.source.layout import lay_out_statement, signature
from converter.export.weights import write_weights
from tests.export.nets import DILATED, MINI, chain, dilated, golden_error, image_of
from tests.export.targets import run_source
from tests.ladder import rungs, setup
from tests.places import ROOT


def written(net, folder, origin=None):
    write_weights(net, folder / "model.safetensors")
    write_source(net, folder / "model.py", "model.safetensors", origin)
    return folder / "model.py"


def imported(path):
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", DILATED)
def test_a_dilated_nets_source_gives_caffes_probabilities_without_this_project(name, tmp_path):
    path = written(dilated(name), tmp_path)
    found = run_source(path, {"data": image_of(name)}, ["prob"])
    assert golden_error(name, found["prob"]) <= 2e-5
    assert "class Net(nn.Sequential)" in path.read_text()


def test_source_reads_as_a_person_would_write_it(tmp_path):
    text = written(chain(tmp_path), tmp_path, Provenance("net.prototxt", "w.caffemodel", "ab" * 32)).read_text()
    lines = [line.strip() for line in text.splitlines()]
    for line in (
        '"""chain in PyTorch, with Caffe\'s layer names.',
        "Input, float32, as Caffe's net takes it: data (1, 3, 12, 10).",
        'self.add_module("conv/1", nn.Conv2d(3, 4, 3))',
        "self.pool = CeilMaxPool2d(3, 2)",
        "def forward(self, data: Tensor) -> dict[str, Tensor]:",
        'conv_1 = getattr(self, "conv/1")(data)  # (1, 4, 10, 8)',
        'conv_1 = getattr(self, "relu-1")(conv_1)  # (1, 4, 10, 8)',
        "a, b = self.cut(pool)  # (1, 1, 5, 4), (1, 3, 5, 4)",
        "fc = self.fc(b.flatten(1))  # (1, 3)",
        'return {"a": a, "fc": fc}',
    ):
        assert line in lines, line
    assert "converter" not in text.replace("dilatednet", "")


@pytest.mark.parametrize("rung", rungs(), ids=str)
def test_source_of_every_layer_type_computes_the_same(rung, tmp_path):
    ready = setup(rung, tmp_path)
    net = ready.module.float()
    if rung.type in {"Python", "DummyData"} and not _has_source(net):
        return
    model = imported(written(net, tmp_path)).load().train(net.training)
    inputs = [torch.from_numpy(np.asarray(value, np.float32)) for value in ready.inputs.values()]
    torch.manual_seed(0)
    wanted = net(*inputs)
    torch.manual_seed(0)
    found = model(*inputs)
    found = found if isinstance(found, dict) else {net.outputs[0]: found}
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-7, equal_nan=True)


def _has_source(net):
    try:
        source_of(net, "w.safetensors", Provenance())
    except OutputError:
        return False
    return True


def test_a_layer_of_code_is_refused_with_another_way_out(tmp_path):
    rung = next(rung for rung in rungs() if rung.type == "Python")
    with pytest.raises(OutputError, match=r"\(Python\) cannot be written as \.py: .*write \.pt2 or \.onnx"):
        source_of(setup(rung, tmp_path).module, "w.safetensors", Provenance())


def test_source_is_formatted(tmp_path):
    ruff = shutil.which("ruff", path=Path(sys.executable).parent)
    if ruff is None:
        pytest.skip("no ruff: install the extra [check]")
    for number, net in enumerate((chain(tmp_path), dilated("dilation8_pascal_voc"))):
        (tmp_path / str(number)).mkdir()
        path = written(net, tmp_path / str(number))
        subprocess.run([ruff, "format", "--isolated", "--check", path], check=True)  # with anybody's width
        text = path.read_text()
        path.write_text(text.replace("# fmt: off\n", ""))
        assert path.read_text() != text
        subprocess.run([ruff, "format", "--isolated", "--line-length", "120", "--check", path], check=True)
        rules = ["--select", "E,F,I,N,UP,W", "--line-length", "120", "--isolated"]
        subprocess.run([ruff, "check", *rules, path], check=True)


@pytest.mark.slow
def test_source_is_typed(tmp_path):
    pytest.importorskip("mypy", reason="no mypy: install the extra [check]")
    paths = []
    for name, net in (("chain", chain(tmp_path)), ("dilated", dilated("dilation8_pascal_voc"))):
        (tmp_path / name).mkdir()
        paths.append(written(net, tmp_path / name).rename(tmp_path / name / f"{name}_net.py"))
    subprocess.run([sys.executable, "-m", "mypy", "--strict", "--config-file=", *paths], check=True, cwd=tmp_path)


@pytest.mark.slow
def test_source_does_not_depend_on_the_order_of_sets(tmp_path):
    code = (
        "import sys, converter\n"
        "from converter.export.provenance import Provenance\n"
        "from converter.export.source.document import source_of\n"
        "net = converter.load(sys.argv[1], seed=0)\n"
        "print(source_of(net, 'w.safetensors', Provenance()))"
    )
    path = chain(tmp_path) and tmp_path / "chain.prototxt"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_a_shared_blob_stays_one_parameter(tmp_path):
    path = tmp_path / "net.prototxt"
    layer = 'layer {{ name: "{0}" type: "InnerProduct" bottom: "{1}" top: "{0}" param {{ name: "w" }}\n'
    layer += '  inner_product_param {{ num_output: 4 bias_term: false weight_filler {{ type: "xavier" }} }} }}\n'
    path.write_text('input: "x" input_shape { dim: 2 dim: 4 }\n' + layer.format("a", "x") + layer.format("b", "a"))
    net = converter.load(path, seed=0)
    model = imported(written(net, tmp_path)).load()
    assert model.a.weight is model.b.weight
    x = torch.ones(2, 4)
    torch.testing.assert_close(model(x), x @ net.a.weight.T @ net.a.weight.T)


def test_a_channel_shared_slope_finds_its_place(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "p" type: "PReLU" bottom: "x" top: "y"\n'
        "  prelu_param { channel_shared: true filler { value: 0.5 } } }"
    )
    model = imported(written(converter.load(path), tmp_path)).load()
    assert model(torch.tensor([[-2.0, 4.0]])).tolist() == [[-1.0, 4.0]]


def test_a_value_still_read_after_an_in_place_layer_keeps_its_variable(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text('input: "x" input_shape { dim: 1 dim: 2 } layer { name: "r" type: "ReLU" bottom: "x" top: "x" }')
    net = converter.load(path)
    node = next(node for node in net.graph.nodes if node.op == "output")
    with net.graph.inserting_before(node):
        first = next(iter(net.graph.nodes))
        again = net.graph.call_module("r", (first,))
    node.args = ({"x": node.args[0]["x"], "y": first, "z": again},)
    net.recompile()
    found = imported(written(net, tmp_path)).load()(torch.tensor([[-1.0, 1.0]]))
    assert found["y"].tolist() == [[-1.0, 1.0]]
    assert found["x"].tolist() == [[0.0, 1.0]]


def test_a_module_of_another_origin_is_refused_by_its_layer(tmp_path):
    class Mine(nn.Module):
        def forward(self, x):
            return x

    net = chain(tmp_path)
    net.fc = Mine()
    with pytest.raises(OutputError, match=r"layer 'fc' \(InnerProduct\) cannot be written as \.py: its module .*Mine"):
        write_source(net, tmp_path / "model.py", "model.safetensors")
    assert not (tmp_path / "model.py").exists()


def test_names_of_converter_modules_mean_one_thing():
    """Definitions of several files come into one: two of one name must be the same text."""
    texts: dict[str, set[str]] = {}
    for path in sorted((ROOT / "converter/modules").glob("[a-z]*.py")):
        for name, definition in read_source(f"converter.modules.{path.stem}").definitions.items():
            texts.setdefault(name, set()).add(definition.text)
    assert {name for name, found in texts.items() if len(found) > 1} == set()
    assert {"CeilMaxPool2d", "nms", "Pair"} <= set(texts)


def test_a_net_like_a_dilated_one_is_written_out_where_the_tables_cannot_say_it(tmp_path):
    path = tmp_path / "net.prototxt"
    text = (MINI / "frontend_pascal_voc_mini.prototxt").read_text()
    assert "dropout_ratio: 0.5" in text or 'type: "Dropout"' in text
    path.write_text(text.replace("dropout_ratio: 0.5", "dropout_ratio: 0.25"))
    net = converter.load(path, seed=0)
    net.drop6 = nn.Dropout(0.3)
    source = source_of(net, "w.safetensors", Provenance())
    assert "class Net(nn.Module)" in source and "self.drop6 = nn.Dropout(0.3)" in source


def test_names_of_a_file_cannot_become_code(tmp_path):
    path = tmp_path / "net.prototxt"
    odd = [r"a\"b", r"c\\d\'", r"e\nf", r"\346\261\211", r"\276\355", r"x\" * 3; raise SystemExit(); \"", "class", "1x"]
    layers = "".join(f'layer {{ name: "l{name}" type: "Power" bottom: "data" top: "{name}" }}\n' for name in odd)
    text = (
        r'name: "\"\"\"\nraise SystemExit(\'\\n\')\n\"\"\""'
        + '\ninput: "data" input_shape { dim: 1 dim: 2 }\n'
        + layers
    )
    path.write_text(text)
    net = converter.load(path)
    origin = Provenance('a"""\nraise SystemExit()', "b\\N{dash}")
    model = imported(written(net, tmp_path, origin)).load()
    found = model(torch.ones(1, 2))
    assert list(found) == list(net.outputs)
    assert len(found) == len(odd)
    assert [name for name, _ in model.named_children()] == [name for name, _ in net.named_children()]


def test_a_net_from_source_compiles_exports_and_copies(tmp_path, monkeypatch):
    written(chain(tmp_path), tmp_path).rename(tmp_path / "chain_net.py")
    monkeypatch.syspath_prepend(tmp_path)
    net = importlib.import_module("chain_net").load()
    x = torch.randn(3, 3, 12, 10, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = net(x)
        found = [
            torch.compile(net, fullgraph=True, backend="eager", dynamic=True)(x),
            torch.export.export(net, (x,), strict=True).module()(x),
            copy.deepcopy(net)(x),
        ]
    for outputs in found:
        assert all(torch.equal(outputs[name], value) for name, value in wanted.items())


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ("x = self.layer(y)", ["    x = self.layer(y)  # note"]),
        (f"x = self.{'l' * 100}(y)", ["    # note", f"    x = self.{'l' * 100}(y)"]),
        (f"x = self.f({'a' * 60}, {'b' * 60})", ["    # note", "    x = self.f(", f"        {'a' * 60},",
                                                 f"        {'b' * 60},", "    )"]),
        (f"{'a' * 60}, {'b' * 50} = self.cut(y)", ["    # note", f"    {'a' * 60}, {'b' * 50} = (",
                                                   "        self.cut(y)", "    )"]),
    ],
)  # fmt: skip
def test_long_statements_are_opened_as_formatters_do(statement, lines):
    assert lay_out_statement(statement, 4, "note") == lines


def test_a_long_signature_is_opened():
    names = [f"argument_{number}: Tensor" for number in range(8)]
    assert signature("forward", names[:2], "Tensor", 4) == [
        "    def forward(argument_0: Tensor, argument_1: Tensor) -> Tensor:"
    ]
    assert signature("forward", names[:5], "dict[str, Tensor]", 4)[1] == f"        {', '.join(names[:5])}"
    assert signature("forward", names, "Tensor", 4)[1:3] == [f"        {name}," for name in names[:2]]


def test_a_value_that_no_layer_reads_has_no_variable(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        'input: "x" input_shape { dim: 1 dim: 2 } layer { name: "a" type: "ReLU" bottom: "x" top: "unread" }\n'
        'layer { name: "s" type: "Silence" bottom: "unread" } layer { name: "b" type: "ReLU" bottom: "x" top: "y" }'
    )
    text = source_of(converter.load(path), "w.safetensors", Provenance())
    assert "        self.a(x)  # read by no layer\n" in text
