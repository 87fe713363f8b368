"""Where tests find things: the project, its goldens, and the shared material that may or may not be there."""

import importlib.util
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDENS = ROOT / "tests" / "goldens"
SHARED = Path(os.environ.get("DILATEDNET_SHARED", ROOT.parent / "shared"))
HAS_GRAPHVIZ = bool(shutil.which("dot") or importlib.util.find_spec("pygraphviz"))
VOC_ROOT = Path(os.environ.get("VOC_ROOT", SHARED / "voc"))
