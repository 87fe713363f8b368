"""Where tests find things: the project, its goldens, and the shared material that may or may not be there."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDENS = ROOT / "tests" / "goldens"
SHARED = Path(os.environ.get("DILATEDNET_SHARED", ROOT.parent / "shared"))
VOC_ROOT = Path(os.environ.get("VOC_ROOT", SHARED / "voc"))
