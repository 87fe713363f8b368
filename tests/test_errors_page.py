"""docs/errors.md lists the refusals as they stand in the source."""

import pytest

from tests import errors_page
from tests.errors_page import PAGE, classes, page, refusals


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.errors_page"


def test_every_class_is_on_the_page_with_words_of_its_own():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in classes() if f"\n## {name}\n" not in text] == []
    assert [name for name, found in refusals().items() if not found] == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("MemoryLimitError", "‹what› would take ‹…› of memory"),
        ("CaffemodelError", "is empty; download it again"),
        ("UnsupportedParameterError", "mean_file stands beside mean_value; use one of them"),
        ("TrainingError", "more than one training net; expected one of net, train_net and *_param"),
        ("reference.WireError", "a number does not end"),
    ],
)
def test_words_of_every_way_to_raise_are_found(kind, words):
    assert any(words in found for found, _ in refusals()[kind])


def test_a_new_refusal_makes_the_page_stale(tmp_path):
    source = 'def f(file, n):\n    text = f"has {n} legs"\n    raise ShapeError(f"{text}; cut them")\n'
    (tmp_path / "new.py").write_text(source)
    module = errors_page._Module(tmp_path / "new.py", "converter")
    assert list(module.refusals()) == [("ShapeError", "has ‹n› legs; cut them")]
