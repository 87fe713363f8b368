"""`--help` of every command ends with two examples, which the command's own parser takes."""

import re
import shlex

import pytest

from converter.cli import commands, main, make_parser
from converter.cli._output import UsageError
from converter.cli._stages import EXAMPLES, STAGES
from tests.places import ROOT

COMMANDS = commands()


def parsed(line: str):
    """A line of a terminal as the command line has it."""
    program, *arguments = shlex.split(line, comments=True)
    assert program == "dilatednet"
    return make_parser(arguments).parse_args(arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_ends_with_two_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    examples = [line.strip() for line in capsys.readouterr().out.partition("\nexamples:\n")[2].splitlines()]
    assert len(set(examples)) == 2
    assert [parsed(line).command for line in examples] == [command] * 2


@pytest.mark.parametrize("stage", STAGES)
def test_the_papers_runs_parse(stage: str) -> None:
    lines = [line.strip() for line in EXAMPLES[stage].replace("\\\n", " ").splitlines()]
    assert parsed(lines[-1]).stage == stage
    assert all(parsed(line) for line in lines)


def test_the_commands_of_the_training_page_parse() -> None:
    page = (ROOT / "converter/dilatednet/training/README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line[:1] not in ("", "#")]
    assert len(lines) >= 15
    assert all(parsed(line) for line in lines)


def test_an_example_that_does_not_parse_is_seen() -> None:
    with pytest.raises(UsageError, match="unrecognized arguments: --no-such"):
        parsed("dilatednet inspect net.prototxt --no-such")
