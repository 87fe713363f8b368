"""Makes `import caffe` give this package, in one process.

Nothing named `caffe` is written anywhere. The modules are the package's own: `caffe.io` is `converter.pycaffe.io`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = "converter.pycaffe"


def _own_name(name: str) -> str:
    return PACKAGE + name.removeprefix("caffe")


class CaffeFinder(MetaPathFinder, Loader):
    """Answers for `caffe` and what is below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package's own module of that name; None for other names, and for modules that it does not have."""
        del path, target
        if fullname != "caffe" and not fullname.startswith("caffe."):
            return None
        found = importlib.util.find_spec(_own_name(fullname))
        if found is None:
            return None
        return ModuleSpec(fullname, self, origin=found.origin, is_package=found.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself, under its own name."""
        module = importlib.import_module(_own_name(spec.name))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run twice; the module keeps the spec it came with."""
        caffe_name = "caffe" + module.__name__.removeprefix(PACKAGE)
        module.__spec__ = self._specs.pop(caffe_name, module.__spec__)

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}


def install(*, shadow: bool = False) -> None:
    """Answer `import caffe` with this package from now on.

    Args:
        shadow: also where a real caffe can be imported; else that one is.

    Raises:
        RuntimeError: another caffe was imported already, which scripts may hold.
    """
    known = sys.modules.get("caffe")
    if known is not None and not known.__name__.startswith(PACKAGE):
        if not shadow:
            raise RuntimeError(f"another caffe was imported already, from {known.__file__}; start a new Python")
        for name in [name for name in sys.modules if name == "caffe" or name.startswith("caffe.")]:
            del sys.modules[name]
    uninstall()
    sys.meta_path.insert(0 if shadow else len(sys.meta_path), CaffeFinder())


def uninstall() -> None:
    """No longer answer `import caffe`; modules that were imported stay with those who hold them."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, CaffeFinder)]
    for name in [name for name in sys.modules if name == "caffe" or name.startswith("caffe.")]:
        if sys.modules[name].__name__.startswith(PACKAGE):
            del sys.modules[name]
