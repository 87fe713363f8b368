"""What a shell sees of a command: its exit status, and one line about why."""

import argparse

import pytest

from converter import cli
from converter.cli import main
from converter.errors import ConversionError
from tests.places import GOLDENS

NET = str(GOLDENS / "cases" / "escape.prototxt")


def ending(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The status of a command that ends with `error`."""

    def run(_args: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(cli.commands("inspect")["inspect"], "run", run)
    return main(["inspect", NET])


def test_an_interrupted_command_ends_with_130(monkeypatch, capsys) -> None:
    """128 and the number of SIGINT, 2, as shells have it."""
    assert ending(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "dilatednet inspect: interrupted\n"


def test_bad_input_ends_with_2_and_the_error_in_one_line(monkeypatch, capsys) -> None:
    assert ending(monkeypatch, ConversionError("no such thing", path="a.b")) == 2
    assert capsys.readouterr().err == "dilatednet inspect: a.b: no such thing\n"


@pytest.mark.parametrize("status", [0, 1, 143])
def test_a_commands_own_status_is_passed_on(monkeypatch, status: int) -> None:
    monkeypatch.setattr(cli.commands("inspect")["inspect"], "run", lambda _args: status)
    assert main(["inspect", NET]) == status


def test_an_unknown_command_ends_with_2(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["invert", NET])
    assert ended.value.code == 2
    assert "invalid choice: 'invert'" in capsys.readouterr().err


def test_every_command_is_found_and_parts_of_commands_are_none() -> None:
    assert {"convert", "verify", "predict", "train"} <= set(cli.commands())
    assert not [name for name in cli.commands() if name.startswith(("_", "-"))]
    assert list(cli.commands("convert")) == ["convert"]
