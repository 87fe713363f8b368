"""The public names stay what they are, whatever was imported before them."""

import pkgutil
import subprocess
import sys

import converter
from tests.places import ROOT


def test_no_module_has_the_name_of_a_public_function():
    """Importing a submodule binds its name in the package, over the function."""
    modules = {info.name for info in pkgutil.iter_modules(converter.__path__)}

    assert modules & set(converter.__all__) == {"dilatednet", "errors"}


def test_a_net_loads_after_another_name_of_its_module_was_used():
    code = "import converter; converter.read_net, converter.read_weights, converter.CaffeModule; "
    names = subprocess.run(
        [sys.executable, "-c", code + "print(converter.load.__name__, converter.convert.__name__)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert names.split() == ["load", "convert"]
