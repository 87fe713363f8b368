"""docs/fine-tune.md runs as it stands, in the order of its lines."""

import re
import shutil

from tests.places import ROOT

PAGE = ROOT / "docs/fine-tune.md"


def test_the_pages_lines_run(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/digits.prototxt", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 7
    exec(compile("\n".join(blocks), str(PAGE), "exec"), {})
    assert (tmp_path / "digits/model.safetensors").is_file()
