"""Real models from public repositories through `caffe.Net`, blob by blob against what Caffe computed with them."""

import csv
import os

import numpy as np
import pytest

import converter.pycaffe as caffe
from tests.formula_weights import hashed_uniform, sample
from tests.goldens_reader import scaled_error
from tests.places import SHARED

pytestmark = pytest.mark.corpus

TOLERANCE = 1e-4  # deep nets add up the rounding of every layer
CORPUS = SHARED / "corpus"
INDEX = CORPUS / "index.tsv"
ROWS = list(csv.DictReader(INDEX.read_text().splitlines(), delimiter="\t")) if INDEX.exists() else []
MODELS = [row for row in ROWS if row["golden"] != "---"]


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row["golden"])
def test_every_blob_is_caffes(row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    golden = dict(np.load(CORPUS / "goldens" / f"{row['golden']}.npz"))
    path = CORPUS / "models" / row["prototxt"]
    monkeypatch.chdir(path.parent)
    net = caffe.Net(os.fspath(path), caffe.TEST, weights=os.fspath(CORPUS / "models" / row["caffemodel"]))
    for key in (key for key in golden if key.startswith("in-shape:")):
        name, shape = key.removeprefix("in-shape:"), tuple(map(int, golden[key]))
        values = hashed_uniform(f"corpus/{name}", int(np.prod(shape))) * np.float32(2) - np.float32(1)
        net.blobs[name].reshape(*shape)
        net.blobs[name].data[...] = (values * np.float32(100 if shape[1] == 3 else 1)).reshape(shape)
    net.forward()
    for key, wanted in golden.items():
        kind, _, name = key.partition(":")
        if kind == "in-shape":
            continue
        blob = next(
            one for one in sorted(net.blobs, key=len, reverse=True) if name == one or name.startswith(f"{one}_")
        )
        seen = net.blobs[blob].data
        if kind == "shape":
            assert seen.shape == tuple(wanted), key
        else:
            assert scaled_error(sample(seen, wanted.size) if kind == "sample" else seen, wanted) < TOLERANCE, key
