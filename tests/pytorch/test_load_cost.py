"""What it costs to load a full-size net: no pass over the weights, and no import that it does not need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from converter.dilatednet import find
from tests.hollow_model import hollow_model
from tests.places import GOLDENS, ROOT

PROGRAM = """
import json, sys
from pathlib import Path
import converter.dilatednet.loading, converter.pytorch.caffe_module
from converter.pytorch.loading import load, read_net
from converter.plan.plan import build_plan
def memory():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) * 1024
build_plan(read_net(sys.argv[1]))
modules, before = set(sys.modules), memory()
net = converter.dilatednet.load("pascal_voc", sys.argv[2]) if sys.argv[3] == "zoo" else load(*sys.argv[1:3])
numbers = sum(value.numel() for value in net.parameters())
print(json.dumps([numbers, memory() - before, sorted(set(sys.modules) - modules)]))
"""  # the plan is built once before, for the imports that it takes


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The VOC net's weights at full size, zeros that lie nowhere."""
    path = tmp_path_factory.mktemp("hollow") / "w.caffemodel"
    size = hollow_model(path, ((step.name, step.type, step.shapes) for step in find("pascal_voc").topology.steps))
    assert size > 564_000_000
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read memory from")
@pytest.mark.parametrize("way", ["prototxt", "zoo"])
def test_a_full_size_net_is_ready_with_less_than_24_megabytes(hollow: Path, way: str) -> None:
    prototxt = GOLDENS / "nets" / "full" / "dilation8_pascal_voc.prototxt"
    line = [sys.executable, "-c", PROGRAM, prototxt, hollow, way]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    numbers, taken, imported = json.loads(done.stdout)
    assert numbers == 141_149_720
    assert taken < 24_000_000
    assert not [
        name for name in imported if name.startswith(("torch._dynamo", "torch._inductor", "sympy", "numpy.random"))
    ]
