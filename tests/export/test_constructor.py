"""The expression that constructs a module, of every layer type: it makes the same module again."""

import importlib
import pkgutil

import numpy as np
import pytest
import torch
from torch import nn

import converter.modules
from converter.errors import OutputError
from converter.export.source.constructor import constructor, literal
from tests.ladder import rungs, setup


def names():
    """What an expression may name: torch, nn, and the classes of converter.modules."""
    known = {"nn": nn, "torch": torch}
    for info in pkgutil.iter_modules(converter.modules.__path__):
        module = importlib.import_module(f"converter.modules.{info.name}")
        known.update({name: value for name, value in vars(module).items() if isinstance(value, type)})
    return known


NAMES = names()
CODE = {"DummyData", "Python"}  # some of their cases hold a function, which no source can


@pytest.mark.parametrize("rung", rungs(), ids=str)
def test_a_modules_expression_makes_it_again(rung, tmp_path):
    for module in setup(rung, tmp_path).module.float().children():
        try:
            name, arguments = constructor(module)
        except OutputError:
            assert rung.type in CODE
            continue
        again = eval(f"{name}({', '.join(arguments)})", dict(NAMES))  # the expressions are what is tested
        assert type(again) is type(module)
        assert rounded(repr(again)) == rounded(repr(module))
        shapes = [{key: value.shape or (1,) for key, value in one.state_dict().items()} for one in (again, module)]
        assert shapes[0] == shapes[1]


def rounded(text):
    """Numbers of a repr as float32 has them."""
    words = text.replace(",", " , ").replace(")", " ) ").replace("(", " ( ").replace("=", " = ").split()
    return [float(np.float32(word)) if word.replace(".", "").replace("e-", "").isdigit() else word for word in words]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4000000059604645, "0.4"),
        (42.42640687119285, "42.42640687119285"),
        (9.999999747378752e-06, "1e-05"),
        (float("-inf"), 'float("-inf")'),
        ((1,), "(1,)"),
        ([[1.0, 2.0]], "[[1.0, 2.0]]"),
        ("it's", '"it\'s"'),
        (torch.zeros(2, 3), "torch.full((2, 3), 0.0)"),
        (torch.tensor([1.0, 0.5]), "torch.tensor([1.0, 0.5])"),
    ],
)
def test_values_as_source(value, text):
    assert literal(value) == text


def test_what_source_cannot_hold_is_refused():
    with pytest.raises(OutputError, match="65 numbers"):
        literal(torch.arange(65.0))
    with pytest.raises(OutputError, match="no number, text or tuple"):
        literal(print)

    class Mine(nn.Module):
        pass

    with pytest.raises(OutputError, match=r"Mine is neither torch's nor one of converter.modules"):
        constructor(Mine())
