"""Real models from public repositories against what Caffe computed with them, blob by blob; broken files refused."""

import csv

import numpy as np
import pytest
import torch

import converter
from converter.errors import CaffemodelError
from converter.plan.inspection import inspect_net
from tests.formula_weights import hashed_uniform, sample
from tests.goldens_reader import scaled_error
from tests.places import SHARED

pytestmark = pytest.mark.corpus

# Deep nets add up the rounding of every layer; Caffe and torch sum in different orders.
TOLERANCE = 1e-4

CRF_RNN = (
    "python-scripts/TVG_CRFRNN_COCO_VOC.prototxt",
    "matlab-scripts/TVG_CRFRNN_COCO_VOC.prototxt",
    "matlab-scripts/TVG_CRFRNN_new_deploy.prototxt",
)

CORPUS = SHARED / "corpus"
INDEX = CORPUS / "index.tsv"
ROWS = list(csv.DictReader(INDEX.read_text().splitlines(), delimiter="\t")) if INDEX.exists() else []
MODELS = [row for row in ROWS if row["golden"] != "---"]

# Files whose prototxt leaves out a layer that the weights have.
WITH_MORE_WEIGHTS = {"054": "conv5-3"}

BROKEN = {
    "alexgkendall__SegNet-Tutorial/Example_Models/driving_web_demo/driving.caffemodel": "git-LFS pointer",
    "andrey-creator__proyek-visualisasi/model.caffemodel": "truncated",
    "shijiejie__someCode/zero_weights.caffemodel": "is empty",
}


def fed(golden: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inputs that the goldens were made with: images span -100 to 100, anything else -1 to 1."""
    inputs = {}
    for key in (key for key in golden if key.startswith("in-shape:")):
        name, shape = key.removeprefix("in-shape:"), tuple(map(int, golden[key]))
        span = np.float32(100 if shape[1] == 3 else 1)
        values = hashed_uniform(f"corpus/{name}", int(np.prod(shape))) * np.float32(2) - np.float32(1)
        inputs[name] = (values * span).reshape(shape)
    return inputs


def copied_from(name: str, blobs: dict[str, np.ndarray]) -> str:
    """The blob that a name of a golden stands for: Caffe calls its copies BLOB_LAYER_INDEX_split_COPY."""
    if name in blobs or "_split_" not in name:
        return name
    return max((blob for blob in blobs if name.startswith(f"{blob}_")), key=len)


def blob_errors(net, golden: dict[str, np.ndarray]) -> dict[str, float]:
    with torch.no_grad():
        blobs = {name: blob.numpy() for name, blob in net.blobs(**fed(golden)).items()}
    errors = {}
    for key, wanted in golden.items():
        kind, _, name = key.partition(":")
        if kind == "in-shape":
            continue
        seen = blobs[copied_from(name, blobs)]
        if kind == "shape":
            errors[key] = 0.0 if seen.shape == tuple(wanted) else float("inf")
        else:
            errors[key] = scaled_error(sample(seen, wanted.size) if kind == "sample" else seen, wanted)
    return errors


def test_the_index_names_twenty_eight_models_with_goldens():
    assert len(MODELS) == 28


@pytest.mark.parametrize("row", MODELS, ids=[row["golden"] for row in MODELS])
def test_every_blob_of_a_real_model_is_what_caffe_computed(row):
    with np.load(CORPUS / "goldens" / f"{row['golden']}.npz") as stored:
        golden = dict(stored)
    models = CORPUS / "models"
    more = row["golden"] in WITH_MORE_WEIGHTS
    shapes = {name: blob.shape for name, blob in fed(golden).items()}
    net = converter.load(models / row["prototxt"], models / row["caffemodel"], allow_unknown=more, inputs=shapes)
    errors = blob_errors(net, golden)
    assert len(errors) > len(net.plan.steps)
    assert {key: error for key, error in errors.items() if not error <= TOLERANCE} == {}


@pytest.mark.parametrize(("name", "reason"), BROKEN.items(), ids=BROKEN.values())
def test_a_broken_file_is_refused_for_its_own_reason(name, reason):
    path = CORPUS / "models" / name
    with pytest.raises(CaffemodelError, match=reason) as caught:
        converter.read_weights(path)
    assert caught.value.path == str(path)


def test_every_weight_file_of_the_corpus_is_read_or_known_to_be_broken():
    paths = [path for ending in ("caffemodel", "h5") for path in (CORPUS / "models").rglob(f"*.{ending}")]
    sound = [path for path in paths if str(path.relative_to(CORPUS / "models")) not in BROKEN]
    assert len(paths) == len(sound) + len(BROKEN) >= 35
    assert all(converter.read_weights(path) for path in sound)


@pytest.mark.parametrize("name", CRF_RNN)
@pytest.mark.parametrize("crop", ["caffe", "geometry"])
def test_the_nets_of_crf_rnn_build_with_every_field_read(name, crop):
    """V1 (CROP, MULTI_STAGE_MEANFIELD) and today's spelling: 500 x 500 pixels, 21 classes, three blobs of 21 x 21."""
    path = CORPUS / "prototxt" / "torrvision__crfasrnn" / name
    if not path.exists():
        pytest.skip("the corpus has no CRF-RNN")
    found = inspect_net(path, crop=crop)
    assert found.problems == ()
    row = found.rows[-1]
    assert (row.type, row.shape, row.parameters) == ("MultiStageMeanfield", (1, 21, 500, 500), 3 * 21**2)
