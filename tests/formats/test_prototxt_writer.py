"""Text written from a message reads as the same message."""

import pytest

from converter.formats.prototxt.parser import parse_prototxt
from converter.formats.prototxt.writer import write_prototxt
from converter.formats.record import Record
from tests.places import GOLDENS

TEXTS = sorted(GOLDENS.rglob("*_00.prototxt")) + sorted((GOLDENS / "nets").rglob("*.prototxt"))


def plain(record):
    """Names and values without places."""
    return [(item.name, plain(item.value) if isinstance(item.value, Record) else item.value) for item in record]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_what_is_written_reads_the_same(path):
    kind = "SolverParameter" if "solver" in path.name else "NetParameter"
    record = parse_prototxt(path.read_text(), kind)
    assert plain(parse_prototxt(write_prototxt(record), kind)) == plain(record)


def test_strings_words_and_numbers_keep_their_kind():
    text = 'name: "a\\"b\\\\c\\n\\303\\251" layer { type: "Pooling" pooling_param { pool: MAX global_pooling: true } }'
    record = parse_prototxt(text)
    written = write_prototxt(record)
    assert plain(parse_prototxt(written)) == plain(record)
    assert "pool: MAX" in written and "global_pooling: true" in written and '\\303\\251"' in written


def test_a_number_is_as_short_as_float32_needs():
    record = parse_prototxt('layer { name: "d" dropout_param { dropout_ratio: 0.1 } }')
    assert "dropout_ratio: 0.1\n" in write_prototxt(record)
