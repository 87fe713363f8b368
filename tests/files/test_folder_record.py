"""A folder's record: what made its files is written down, compared, and named where it differs."""

import json
from pathlib import Path

import pytest

import converter
from converter.errors import OutputError
from converter.files.folder_record import RECORD, claim_folder, file_digest, read_record

FACTS = {"weights_sha256": "0" * 64, "input_size": (412, 428)}


def test_a_record_holds_the_facts_and_the_programs_version(tmp_path: Path):
    claim_folder(tmp_path / "new" / "maps", "maps", FACTS)
    text = (tmp_path / "new" / "maps" / RECORD).read_text()
    written = {"weights_sha256": "0" * 64, "input_size": [412, 428], "version": converter.__version__}
    assert json.loads(text) == {"maps": written}


def test_the_same_facts_go_on_and_others_are_each_named(tmp_path: Path):
    claim_folder(tmp_path, "maps", FACTS)
    claim_folder(tmp_path, "maps", FACTS)
    before = (tmp_path / RECORD).read_bytes()
    with pytest.raises(OutputError) as caught:
        claim_folder(tmp_path, "maps", {"weights_sha256": "1" * 64, "input_size": [412, 500], "mean": [1.0]})
    assert str(caught.value) == (
        f"{tmp_path / RECORD}: these maps were made otherwise: "
        f"weights_sha256 was {'0' * 12}…, now {'1' * 12}…; input_size was [412, 428], now [412, 500]; "
        "mean was not recorded, now [1.0]; give what was given before, name another folder, or begin it --afresh"
    )
    assert (tmp_path / RECORD).read_bytes() == before


def test_another_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    claim_folder(tmp_path, "maps", FACTS)
    monkeypatch.setattr("converter.files.folder_record.__version__", "9.9")
    with pytest.raises(OutputError, match=rf"version was {converter.__version__}, now 9\.9"):
        claim_folder(tmp_path, "maps", FACTS)
    claim_folder(tmp_path, "maps", FACTS, free={"version"})
    assert read_record(tmp_path)["maps"]["version"] == "9.9"


def test_a_folder_serves_several_purposes(tmp_path: Path):
    claim_folder(tmp_path, "maps", FACTS)
    claim_folder(tmp_path, "labels", {"model": "kitti"}, leftovers=False)
    assert set(read_record(tmp_path)) == {"maps", "labels"}
    claim_folder(tmp_path, "maps", FACTS)


def test_what_nobody_recorded_is_refused_and_an_empty_folder_is_not_compared(tmp_path: Path):
    with pytest.raises(OutputError, match=r"holds maps, but no made-by\.json says what made them; .* --afresh"):
        claim_folder(tmp_path, "maps", FACTS, leftovers=True)
    claim_folder(tmp_path, "maps", FACTS, leftovers=False)
    claim_folder(tmp_path, "maps", {"model": "other"}, leftovers=False)
    assert read_record(tmp_path)["maps"]["model"] == "other"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"maps": 3}'])
def test_a_record_that_does_not_read_is_named_and_left(tmp_path: Path, text: str):
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(OutputError, match=r"made-by\.json: .*delete it, and begin afresh"):
        claim_folder(tmp_path, "maps", FACTS)
    assert (tmp_path / RECORD).read_text() == text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file: cannot be made"):
        claim_folder(tmp_path / "file", "maps", FACTS)


def test_a_digest_is_sha256(tmp_path: Path):
    """FIPS 180-2's answer to "abc"."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
