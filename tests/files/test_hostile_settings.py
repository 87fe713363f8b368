"""JSON of folders and weights files that strangers may have written: one clear error, whatever stands in it."""

import json
from pathlib import Path

import pytest

from converter.dilatednet.trained import describe, read_trained
from converter.dilatednet.zoo import find
from converter.download.lockfile import LOCK_NAME, recorded_sha256
from converter.errors import ConversionError, DownloadError, MemoryLimitError, OutputError, WeightsError
from converter.export.pretrained import CONFIG, PREPROCESSOR, PROTOTXT, folder_settings
from converter.files.folder_record import RECORD, read_record
from converter.formats.weights.safetensors import encode_header, read_safetensors
from converter.verify.batch.results import read_report
from reference import OracleError
from reference.files import read_file

DEEP = "[" * 100_000
SOUND = {"model_type": "caffe", "inputs": {"data": [1, 3, 8, 8]}}


def folder_of(folder: Path, config: object = SOUND, preprocessor: object = None) -> Path:
    """A folder of save_pretrained as far as its settings go; texts are written as they are."""
    for name, value in ((CONFIG, config), (PREPROCESSOR, preprocessor)):
        if value is not None:
            (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    (folder / PROTOTXT).touch()
    return folder


def test_a_sound_folder_reads(tmp_path: Path) -> None:
    found = folder_settings(folder_of(tmp_path, preprocessor={"color": "rgb", "size": [8, 9], "mean": [1, 2, 3]}))

    assert found["inputs"] == {"data": (1, 3, 8, 8)}
    assert (found["preprocessing"].size, found["preprocessing"].mean) == ((8, 9), (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    "config",
    [
        *(DEEP, "[]", "{", "\ud7ff{"),
        *({**SOUND, "inputs": inputs} for inputs in ([1], "x", 3, {"data": 3}, {"data": ["3"]}, {"data": [1e300]})),
    ],
)
def test_a_config_that_is_none_is_one_error(config: object, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=CONFIG):
        folder_settings(folder_of(tmp_path, config))


@pytest.mark.parametrize(
    "field",
    ['"size": [1e999, 5]', '"size": [-1, 5]', '"size": [100000, 5]', '"crop": 5', '"crop": [1, 2, 3]',
     '"mean": {"a": 1}', '"mean": [1e999, 0, 0]', '"scale": "x"', '"scale": [1]', '"scale": NaN'],
)  # fmt: skip
def test_a_preprocessor_that_is_none_is_one_error(field: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=PREPROCESSOR):
        folder_settings(folder_of(tmp_path, preprocessor=f'{{"color": "bgr", {field}}}'))


def test_records_lock_files_and_reports_may_be_deep(tmp_path: Path) -> None:
    for name in (RECORD, LOCK_NAME, "report"):
        (tmp_path / name).write_text(DEEP)

    with pytest.raises(OutputError, match="nested too deeply"):
        read_record(tmp_path)
    with pytest.raises(DownloadError, match="nested too deeply"):
        recorded_sha256(tmp_path, "x")
    with pytest.raises(OutputError, match="no report"):
        read_report(tmp_path / "report")


def trained(folder: Path, text: str) -> Path:
    """A weights file that says `text` of its net."""
    path = folder / "weights.safetensors"
    path.write_bytes(encode_header({}, {"dilatednet": text}))
    return path


def changed(**values: object) -> str:
    """What a sound file says, with other values; `topology` adds to that."""
    sound = json.loads(describe(find("camvid"), "joint")["dilatednet"])
    topology = {**sound["topology"], **values.pop("topology", {})}  # type: ignore[dict-item]
    return json.dumps({**sound, "topology": topology, **values})


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        *(changed(zoom=zoom) for zoom in (-1, 10**9, 8.0, "8", float("inf"))),
        *(changed(palette=palette) for palette in ([[256, 0, 0]], [[0, 0]], [0], 3)),
        *(changed(input_size=size) for size in ([10**9, 8], [8], "88", [8.0, 8.0])),
        *(changed(mean=mean) for mean in ([1, 2], [1, 2, float("nan")], "abc")),
        *(changed(topology={name: 10**9}) for name in ("classes", "depth", "width", "fc_width")),
        *(changed(topology={name: value}) for name in ("depth", "width") for value in (float("inf"), 8.0, None)),
    ],
)
def test_weights_that_say_nonsense_of_their_net_are_one_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"weights\.safetensors"):
        read_trained(trained(tmp_path, text))


def test_a_net_that_fits_no_memory_is_refused_before_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(MemoryLimitError, match="its net's numbers would take"):
        read_trained(trained(tmp_path, changed(topology={"width": 2**16, "fc_width": 2**16})))


def test_the_oracle_reads_no_longer_table_than_the_format_allows(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with path.open("wb") as file:  # a hole: nothing is written, and nothing may be read
        file.write((100_000_001).to_bytes(8, "little") + b"{")
        file.truncate(200_000_000)

    with pytest.raises(OracleError, match="the format allows 100000000"):
        read_file(str(path))
    with pytest.raises(ConversionError):
        read_safetensors(path)
