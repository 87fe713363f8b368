"""The oracle on real models of public repositories, blob by blob against Caffe's answers, and on their prototxts."""

import csv

import numpy as np
import pytest

import reference
from reference.errors import OracleError, TextError
from tests.formula_weights import hashed_uniform, sample
from tests.goldens_reader import scaled_error
from tests.places import SHARED

CORPUS = SHARED / "corpus"
TOLERANCE = 2e-5
SLOW = {"101"}  # VDSR: twenty layers on a large image


def models():
    """(number, caffemodel, prototxt) of each model that has an answer and binary weights."""
    if not (CORPUS / "index.tsv").is_file():
        return [pytest.param("none", "", "", id="no-corpus")]
    with (CORPUS / "index.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["caffemodel"].endswith(".caffemodel")]
    return [
        pytest.param(
            *(row[key] for key in ("golden", "caffemodel", "prototxt")),
            id=row["golden"],
            marks=[pytest.mark.slow] if row["golden"] in SLOW else [],
        )
        for row in rows
        if (CORPUS / "goldens" / f"{row['golden']}.npz").is_file()
    ]


def fed(golden):
    """The inputs that Caffe was given: the formula's numbers, a hundredfold for three channels."""
    inputs = {}
    for key, shape in golden.items():
        kind, _, name = key.partition(":")
        if kind == "in-shape":
            values = hashed_uniform(f"corpus/{name}", int(np.prod(shape))).reshape(shape) * 2 - 1
            inputs[name] = values * (100 if shape[1] == 3 else 1)
    return inputs


def errors(blobs, golden):
    """(key, scaled error) of every sampled and whole blob, but for the copies that Caffe makes for several readers."""
    for key, wanted in golden.items():
        kind, _, name = key.partition(":")
        if kind in ("out", "sample") and "_split_" not in name:
            yield key, scaled_error(blobs[name] if kind == "out" else sample(blobs[name], wanted.size), wanted)


@pytest.mark.corpus
@pytest.mark.parametrize(("number", "weights", "net"), models())
def test_a_real_model_agrees_with_caffe_at_every_blob(number, weights, net):
    golden = dict(np.load(CORPUS / "goldens" / f"{number}.npz"))

    blobs = reference.run(CORPUS / "models" / net, CORPUS / "models" / weights, fed(golden))

    found = dict(errors(blobs, golden))
    assert len(found) > 3
    assert {key: error for key, error in found.items() if not error <= TOLERANCE} == {}


@pytest.mark.slow
@pytest.mark.corpus
def test_every_real_prototxt_reads_and_none_crashes():
    texts = [path for path in sorted((CORPUS / "prototxt").rglob("*")) if path.suffix in (".prototxt", ".pt", ".txt")]
    broken, refused = [], []
    for path in texts:
        try:
            reference.read_net(path, allow_unknown=True)
        except TextError as error:
            broken.append(str(error))
        except OracleError as error:
            refused.append(str(error))

    assert len(texts) > 500
    assert len(broken) < 0.02 * len(texts)
    # Solvers, nets for training only, and types that no file in reference/layers knows.
    assert len(texts) - len(refused) > 350
    assert all(message.startswith(str(CORPUS)) for message in broken + refused)
