"""converter/operators.md says what the layers do: it is up to date, and what it says can be relied on."""

import importlib.util
import sys
from importlib.machinery import SourceFileLoader

import numpy as np
import pytest
import torch

import converter
from converter.layers.layer import operator_types
from tests.ladder import Rung, rungs, setup
from tests.places import ROOT

_LOADER = SourceFileLoader("operators_script", str(ROOT / "scripts/_operators.py"))
_SPEC = importlib.util.spec_from_loader("operators_script", _LOADER)
script = importlib.util.module_from_spec(_SPEC)
sys.modules[script.__name__] = script  # dataclasses look their module up there
_LOADER.exec_module(script)

# Asked for, but no parameter of the layer: what data layers and detection share with everybody.
SHARED_MESSAGES = {"transform_param"}


@pytest.fixture(scope="module")
def entries():
    return script.entries()


def test_the_page_is_up_to_date():
    assert script.TARGET.read_text() == script.page(), "run scripts/operators"


def test_a_stale_page_is_noticed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "TARGET", tmp_path / "operators.md")
    monkeypatch.setattr(script, "page", lambda: "new")
    script.TARGET.write_text("old")
    monkeypatch.setattr("sys.argv", ["operators", "--check"])

    assert script.main() == 1
    assert "stale" in capsys.readouterr().out


def test_every_field_that_a_layer_reads_is_set_by_one_of_its_cases(entries):
    unset = {
        name: sorted(
            path
            for path in entry.fields_read - entry.given
            if "filler." not in path and path.split(".")[0] not in SHARED_MESSAGES
        )
        for name, entry in entries.items()
    }

    assert {name: paths for name, paths in unset.items() if paths} == {}


def test_what_the_page_calls_refused_is_refused(entries):
    assert script.refused(entries["NdPooling"])[:2] == ["pooling_param.global_pooling", "pooling_param.kernel_h"]
    assert script.refused(entries["Convolution"]) == []


def in_place_rungs() -> list[Rung]:
    """The first case with one top of each type that the page says works in place."""
    able = {name for name, entry in script.entries().items() if entry.in_place}
    first: dict[str, Rung] = {}
    for rung in rungs():
        if (
            rung.type in able
            and operator_types()[rung.type].in_place
            and len(rung.case.tops) == 1
            and rung.case.phase == "test"
        ):
            first.setdefault(rung.type, rung)
    return list(first.values())


@pytest.mark.parametrize("rung", in_place_rungs(), ids=str)
def test_a_layer_in_place_computes_the_same(rung: Rung, tmp_path):
    ready = setup(rung, tmp_path)
    fed = {name: torch.from_numpy(np.array(value)) for name, value in ready.inputs.items()}
    apart = ready.module.blobs(**fed)[rung.case.tops[0]]
    first = next(iter(fed))
    *inputs, layer = ready.prototxt.read_text().splitlines()
    layer = layer.replace(f'top: "{rung.case.tops[0]}"', f'top: "{first}"')
    ready.prototxt.write_text("\n".join([*inputs, layer]))
    same = converter.load(ready.prototxt).double()
    same.load_state_dict(ready.module.state_dict())

    assert torch.equal(same.blobs(**fed)[first], apart)
