"""Every registered layer type with blobs through every format: the numbers that were drawn, or a refusal."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

import converter
from converter.errors import ConversionError
from converter.layers.layer import operator_types
from converter.plan.inspection import inspect_net
from converter.plan.plan import build_plan
from converter.solver.snapshots import save_blobs
from tests import ladder
from tests.conversion.test_round_trips import FOREIGN, OURS, foreign
from tests.goldens_reader import FORWARD_TOLERANCE, scaled_error


def first_rungs() -> dict[str, ladder.Rung]:
    """The first case of every spelling of a type that the cases know."""
    return {rung.type: rung for rung in reversed(ladder.rungs())}


def has_blobs(rung: ladder.Rung) -> bool:
    """Whether the case's layer has blobs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.prototxt"
        path.write_text(ladder.text_of(rung))
        net = converter.read_net(path, rung.case.phase)
    shapes = {name: kind.shape for name, kind in rung.case.inputs.items() if name in rung.case.tops}
    inputs = {name: shape for name, shape in shapes.items() if not any(name in layer.bottoms for layer in net.layers)}
    return bool(build_plan(net, inputs).step("it").operator.blobs)


FIRST = first_rungs()
RUNGS = [rung for rung in FIRST.values() if has_blobs(rung)]


def drawn(rung: ladder.Rung, folder: Path) -> ladder.Setup:
    """The case with its numbers, which float32 holds."""
    return ladder.setup(rung, folder, single=True)


def check_numbers(ready: ladder.Setup, weights: Path) -> None:
    """The file's blobs are those that were drawn, and the net computes what the oracle computes of them."""
    stated = {name: value.shape for name, value in ready.inputs.items()} if ready.phase == "test" else None
    stated = {name: shape for name, shape in (stated or {}).items() if name in ready.module.inputs}
    net = converter.load(ready.prototxt, weights, phase=ready.phase, inputs=stated).train(ready.module.training)
    for index, wanted in enumerate(ready.weights["it"]):
        np.testing.assert_allclose(net.blob_parameter("it", index).numpy(force=True), wanted, rtol=2.0**-22, atol=0)
    loaded = ladder.Setup(ready.prototxt, net, ready.inputs, ready.weights, ready.phase)
    seen = ladder.actual(loaded, torch.float32)
    for name, wanted in ladder.expected(ready).items():
        assert scaled_error(seen[name], wanted) <= FORWARD_TOLERANCE, name
    assert inspect_net(ready.prototxt, weights, phase=ready.phase, inputs=stated).problems == ()


def test_every_type_of_the_registry_has_a_case():
    types = operator_types()
    assert {types[name].type for name in FIRST} == {kind.type for kind in types.values()}
    assert {"BatchNorm", "BN", "Embed", "LSTM", "Parameter"} < {rung.type for rung in RUNGS}


@pytest.mark.parametrize("ending", OURS)
@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_our_own_files_hold_the_numbers(rung, ending, tmp_path):
    ready = drawn(rung, tmp_path)
    save_blobs(ready.module.float(), tmp_path / "first.caffemodel")
    converter.convert(tmp_path / "first.caffemodel", tmp_path / f"there{ending}")
    check_numbers(ready, tmp_path / f"there{ending}")
    converter.convert(tmp_path / f"there{ending}", tmp_path / "back.caffemodel")
    check_numbers(ready, tmp_path / "back.caffemodel")


@pytest.mark.parametrize("maker", FOREIGN)
@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_a_state_dict_in_any_order_holds_the_numbers(rung, maker, tmp_path):
    ready = drawn(rung, tmp_path)
    path = foreign(ready.module.float(), maker, tmp_path)
    check_numbers(ready, path)
    try:
        converter.convert(path, tmp_path / "there.h5")
    except ConversionError:
        assert not (tmp_path / "there.h5").exists()
    else:
        check_numbers(ready, tmp_path / "there.h5")
