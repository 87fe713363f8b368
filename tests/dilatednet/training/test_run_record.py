"""What a run is gone on with: the same start weights, recipe and data; anything else is refused by name."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from converter.dilatednet.training.recipes import Recipe
from converter.dilatednet.training.run_record import claim_run
from converter.dilatednet.training.sources import Source
from converter.errors import OutputError
from tests.dilatednet.training.tiny_training import tiny

SOURCE = Source([("i/a.png", "l/a.png"), ("i/b.png", "l/b.png")])
OTHERS = {int: 7, float: 0.375, str: "other", bool: None, tuple: (3, 4)}
"""A value that the tiny recipe has nowhere, by type; True and False are exchanged."""


@pytest.fixture
def weights(tmp_path: Path) -> str:
    (tmp_path / "w").write_bytes(b"first")
    return str(tmp_path / "w")


def begin(folder: Path, recipe: Recipe, source: Source = SOURCE, *weights: str) -> None:
    claim_run(folder, recipe, source, weights, begun=False)


def go_on(folder: Path, recipe: Recipe, source: Source = SOURCE, *weights: str) -> None:
    claim_run(folder, recipe, source, weights, begun=True)


def test_the_same_run_goes_on(tmp_path: Path, weights: str) -> None:
    begin(tmp_path, tiny(), SOURCE, weights)
    for _ in range(2):
        go_on(tmp_path, tiny(), SOURCE, weights)


def test_other_start_weights_are_refused_by_their_content(tmp_path: Path, weights: str) -> None:
    begin(tmp_path, tiny(), SOURCE, weights)
    Path(weights).write_bytes(b"other")
    with pytest.raises(OutputError, match="weights_sha256 was"):
        go_on(tmp_path, tiny(), SOURCE, weights)


def test_weights_may_stand_under_another_name_or_be_left_out(tmp_path: Path, weights: str) -> None:
    """A checkpoint holds them; without them the ones recorded stay, and are still compared."""
    begin(tmp_path, tiny(), SOURCE, weights)
    Path(weights).rename(tmp_path / "renamed")
    go_on(tmp_path, tiny(), SOURCE, str(tmp_path / "renamed"))
    go_on(tmp_path, tiny())
    (tmp_path / "renamed").write_bytes(b"other")
    with pytest.raises(OutputError, match="weights_sha256 was"):
        go_on(tmp_path, tiny(), SOURCE, str(tmp_path / "renamed"))


def test_a_run_from_scratch_does_not_go_on_with_weights(tmp_path: Path, weights: str) -> None:
    begin(tmp_path, tiny())
    with pytest.raises(OutputError, match="weights_sha256 was"):
        go_on(tmp_path, tiny(), SOURCE, weights)


@pytest.mark.parametrize("name", [field.name for field in fields(Recipe) if field.name != "iterations"])
def test_every_other_number_of_the_recipe_is_refused(tmp_path: Path, name: str) -> None:
    before = getattr(tiny(), name)
    other = OTHERS[type(before)] if not isinstance(before, bool) else not before
    assert other != before
    begin(tmp_path, tiny())
    with pytest.raises(OutputError, match=f"{name} was .*, now "):
        go_on(tmp_path, replace(tiny(), **{name: other}))


def test_more_iterations_go_on_unless_the_rate_depends_on_them(tmp_path: Path) -> None:
    """poly falls to 0 at the last: with another last one every rate was another."""
    begin(tmp_path / "fixed", tiny(iterations=8))
    go_on(tmp_path / "fixed", tiny(iterations=9))
    begin(tmp_path / "poly", tiny(iterations=8, policy="poly"))
    with pytest.raises(OutputError, match="iterations was 8, now 9"):
        go_on(tmp_path / "poly", tiny(iterations=9, policy="poly"))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (SOURCE.pairs[:1], "items was 2, now 1"),
        (SOURCE.pairs[::-1], "names_sha256 was"),
        ([SOURCE.pairs[0], ("i/b.png", "l/c.png")], "names_sha256 was"),
        ([SOURCE.pairs[0], ("i/c.png", "l/b.png")], "names_sha256 was"),
    ],
)
def test_other_data_are_refused(tmp_path: Path, pairs: list[tuple[str, str]], words: str) -> None:
    begin(tmp_path, tiny())
    with pytest.raises(OutputError, match=words):
        go_on(tmp_path, tiny(), Source(pairs))


def test_data_may_lie_in_another_folder(tmp_path: Path) -> None:
    begin(tmp_path, tiny())
    go_on(tmp_path, tiny(), Source([("/x/a.png", "/y/a.png"), ("/x/b.png", "/y/b.png")]))


def test_an_empty_folder_is_begun_with_anything(tmp_path: Path) -> None:
    begin(tmp_path, tiny())
    begin(tmp_path, tiny(rate=0.5))
    go_on(tmp_path, tiny(rate=0.5))


def test_another_precision_is_refused(tmp_path: Path) -> None:
    begin(tmp_path, tiny())
    with pytest.raises(OutputError, match="precision was fp32, now bf16"):
        claim_run(tmp_path, tiny(), SOURCE, (), begun=True, precision="bf16")
