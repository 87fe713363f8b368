"""Opens a page in headless Chromium, offline, without a script of its own."""

import html
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--no-first-run", "--hide-scrollbars", "--enable-logging=stderr"),
)
_MEASURE = """<!doctype html><body><iframe id=f style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id=told></pre><script>f.onload = () => {{ const d = f.contentDocument, r = d.documentElement;
const wide = [...d.querySelectorAll('main > *')].filter(e => e.getBoundingClientRect().right > {width} + 0.5);
told.textContent = [r.scrollWidth, d.images.length, [...d.images].filter(i => !i.naturalWidth).length, wide.length]; }}
</script></body>"""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""None where there is none; tests then skip."""


def _run(page: Path, *arguments: str) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", *arguments, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def console(page: Path) -> list[str]:
    """What a page writes to the console, errors and warnings included."""
    log = _run(page, "--dump-dom").stderr
    return [line for line in log.splitlines() if "CONSOLE" in line]


def measured(page: Path, folder: Path, width: int) -> tuple[int, int, int, int]:
    """At `width` pixels: the width that the content takes, images, images that failed, blocks past the edge."""
    frame = folder / "frame.html"
    frame.write_text(_MEASURE.format(width=width, page=html.escape(page.read_text(encoding="utf-8"))))
    dom = _run(frame, "--dump-dom", "--virtual-time-budget=5000").stdout
    told = dom.partition('<pre id="told">')[2].partition("</pre>")[0]
    content, images, failed, wide = (int(value) for value in told.split(","))
    return content, images, failed, wide


def screenshot(page: Path, folder: Path, *, dark: bool) -> np.ndarray:
    """The page's first screen as uint8 (h, w, 3)."""
    target = folder / f"{'dark' if dark else 'light'}.png"
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    _run(page, f"--screenshot={target}", "--window-size=800,900", scheme)
    with Image.open(target) as picture:
        return np.asarray(picture.convert("RGB"))
