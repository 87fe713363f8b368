"""Notes on numbers that are not finite: without a pass over the file until they are asked for, and with copies."""

import copy
import pickle

import numpy as np
import pytest

import converter
from tests.places import GOLDENS

NET = GOLDENS / "layers/InnerProduct_00.prototxt"


@pytest.fixture
def passes(monkeypatch):
    """Makes every pass over a file count."""
    from converter.plan import finite

    counted, count = [], finite.count_nonfinite
    monkeypatch.setattr(finite, "count_nonfinite", lambda numbers: counted.append(numbers.size) or count(numbers))
    return counted


@pytest.fixture
def damaged(tmp_path):
    weights = converter.read_weights(NET.with_suffix(".caffemodel"))
    (name, blobs), *_ = weights.items()
    arrays = {f"{name}.weight": blobs[0].copy()} | ({f"{name}.bias": blobs[1]} if len(blobs) > 1 else {})
    arrays[f"{name}.weight"].flat[1] = np.nan
    np.savez(tmp_path / "w.npz", **arrays)
    return tmp_path / "w.npz"


def told(net):
    return [note for note in net.notes if "1 of" in note and "NaN or infinite" in note]


def test_loading_takes_no_pass_and_asking_takes_one(damaged, passes):
    net = converter.load(NET, damaged)
    assert not passes
    assert len(told(net)) == 1
    taken = len(passes)
    assert taken > 0
    assert len(told(net)) == 1
    assert len(passes) == taken


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_have_the_notes(damaged, copied):
    net = converter.load(NET, damaged)
    assert len(told(copied(net))) == 1
    assert len(told(net)) == 1


def test_a_file_that_went_away_is_a_note(damaged, monkeypatch):
    from converter.errors import CaffemodelError

    def gone(stored):
        raise CaffemodelError("can no longer be read", path=stored.path)
        yield

    monkeypatch.setattr("converter.pytorch.loading.notes_on_nonfinite", gone)
    net = converter.load(NET, damaged)
    assert any("can no longer be read" in note for note in net.notes)
