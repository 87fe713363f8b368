"""Every public net that builds is written as source that builds the same modules and is formatted."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from converter.errors import ConversionError, OutputError, UnsupportedParameterError
from converter.export.provenance import Provenance
from converter.export.source.document import source_of
from converter.net.reading import read_net
from converter.plan.plan import build_plan
from converter.plan.weights import Matched
from converter.pytorch.caffe_module import CaffeModule
from tests.places import SHARED

FOLDER = SHARED / "corpus/prototxt"


def nets():
    """Every net of the corpus that builds, with zeros for numbers; of equal files one."""
    seen = set()
    for path in sorted(FOLDER.rglob("*.prototxt")):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        try:
            plan = build_plan(read_net(path, "test", allow_unknown=True), allow_unknown=True)
        except ConversionError:
            continue
        steps = [step for step in plan.steps if step.operator.blobs]
        arrays = {step.layer.name: tuple(np.zeros(b.shape, np.float32) for b in step.operator.blobs) for step in steps}
        try:
            module = CaffeModule.of(plan, Matched(arrays)).eval()
        except UnsupportedParameterError as error:
            if "name_size_file" in str(error):  # a list of the data set's, which lies beside no net here
                continue
            raise
        yield path, module


def shapes(module):
    return {key: tuple(value.shape) or (1,) for key, value in module.state_dict().items()}


@pytest.mark.slow
@pytest.mark.corpus
def test_every_net_that_builds_has_source(tmp_path):
    count, refused = 0, []
    for path, net in nets():
        count += 1
        try:
            text = source_of(net, "w.safetensors", Provenance())
        except OutputError as error:
            refused.append(str(error))
            continue
        names = {"__file__": str(tmp_path / "net.py"), "__name__": "net"}
        exec(compile(text, str(path), "exec"), names)
        with torch.device("meta"):
            assert shapes(names["Net"]()) == shapes(net), path
        (tmp_path / f"{count}.py").write_text(text.replace("# fmt: off\n", ""), encoding="utf-8")
    assert count > 150
    assert all("(DummyData) cannot be written as .py" in text for text in refused)  # one that draws its numbers anew
    assert len(refused) <= 2
    if ruff := shutil.which("ruff", path=Path(sys.executable).parent):
        subprocess.run([ruff, "format", "--isolated", "--line-length", "120", "--check", tmp_path], check=True)
