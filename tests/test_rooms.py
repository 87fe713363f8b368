"""Who may import whom: each room is imported in a fresh interpreter, and what came with it is looked at."""

import subprocess
import sys

import pytest

from tests.places import ROOT

RULES = [
    ("import reference", {"torch", "google.protobuf", "h5py", "converter"}),
    (
        "import converter.formats.prototxt.parser, converter.formats.weights.caffemodel, converter.formats.upgrade",
        {"torch", "reference"},
    ),
    ("import converter.net.net, converter.net.fillers", {"torch", "h5py", "reference"}),
    (
        "import converter.pytorch.loading, converter.plan.plan, converter.plan.inspection",
        {"torch", "h5py", "reference"},
    ),
    ("import converter.layers.layer; converter.layers.layer.operator_types()", {"torch", "h5py", "reference"}),
    ("import converter.cli; converter.cli.commands()", {"torch", "h5py", "reference"}),
    ("import converter.verify.batch.convert", {"torch", "h5py", "reference"}),
    ("import converter.dilatednet.zoo", {"torch", "h5py", "reference"}),
    ("import converter.pytorch.caffe_module", {"reference"}),
]


def brought_along(statement, forbidden):
    """The forbidden modules that `statement` imports, directly or not."""
    code = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & set({sorted(forbidden)!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(("statement", "forbidden"), RULES)
def test_a_room_imports_nothing_it_must_not(statement, forbidden):
    assert brought_along(statement, forbidden) == set()


def test_the_rule_can_fail():
    assert brought_along("import converter.pytorch.caffe_module", {"torch"}) == {"torch"}


@pytest.mark.parametrize("command", ["convert", "inspect", "score", "download"])
def test_a_commands_help_needs_no_torch(command):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "converter", command, "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert "argparse" in imported
    assert not imported & {"torch", "h5py", "reference"}


def test_proto_is_no_package():
    """`import proto` must go on to mean Google's."""
    assert not (ROOT / "proto" / "__init__.py").exists()
