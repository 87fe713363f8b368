"""`dilatednet train STAGE --help`: what applies to the stage, in groups, the paper's run, and no more."""

import pytest

from converter.cli import main
from converter.cli._stages import EXAMPLES, STAGES

ONLY = {
    "--features": {"context"},
    "--from-scratch": {"frontend", "joint"},
    "--crop": {"frontend", "joint"},
    "--dropout": {"frontend", "joint"},
    "--width": {"frontend", "joint"},
    "--mean": {"frontend", "joint"},
    "--upsampled-labels": {"frontend", "joint"},
    "--depth": {"context", "joint"},
    "--noise": {"context", "joint"},
    "--rate": {"frontend", "context", "joint"},
    "--labels-dir": {"frontend", "context", "joint"},
}


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["train", *words, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_help_shows_what_applies_to_it_and_the_papers_run(stage: str, capsys: pytest.CaptureFixture[str]):
    text = help_of(capsys, stage)
    assert {name for name in ONLY if f"\n  {name}" in text} == {name for name in ONLY if stage in ONLY[name]}
    groups = ("images and labels:", "data of your own:", "start and result:", "how it runs:", "the recipe's numbers")
    places = [text.index(f"\n{group}") for group in groups]
    assert places == sorted(places)
    assert EXAMPLES[stage] in text
    assert text.startswith(f"usage: dilatednet train {stage} --preset NAME --out DIR [options]\n")


def test_the_help_of_train_names_the_stages(capsys: pytest.CaptureFixture[str]):
    text = help_of(capsys)
    assert all(f"\n    {stage} " in text for stage in STAGES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["context", "--crop", "500"], "unrecognized arguments: --crop 500"),
        (["frontend", "--features", "maps"], "unrecognized arguments: --features maps"),
        (["front"], "invalid choice: 'front' (choose from"),
        ([], "the following arguments are required: STAGE"),
    ],
)
def test_what_a_stage_does_not_have_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    more = ["--preset", "voc", "--out", "nowhere"] if words[:1] in (["context"], ["frontend"]) else []
    with pytest.raises(SystemExit) as left:
        main(["train", *words, *more])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("before", [True, False])
def test_a_limit_of_memory_counts_before_and_behind_the_stage(before: bool, capsys: pytest.CaptureFixture[str]):
    limit, rest = ["--max-memory", "x"], ["--preset", "voc", "--out", "nowhere"]
    with pytest.raises(SystemExit):
        main(["train", *limit, "frontend", *rest] if before else ["train", "frontend", *rest, *limit])
    assert "--max-memory: 'x'; expected a size" in capsys.readouterr().err


def test_a_limit_before_the_stage_is_kept(monkeypatch: pytest.MonkeyPatch):
    seen = []
    monkeypatch.setattr("converter.cli.train.run", lambda args: seen.append(args.max_memory) or 0)
    assert main(["train", "--max-memory", "8G", "frontend", "--preset", "voc", "--out", "nowhere"]) == 0
    assert main(["train", "frontend", "--preset", "voc", "--out", "nowhere"]) == 0
    assert seen == [8 * 2**30, None]
