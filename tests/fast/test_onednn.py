"""The one place of torch's private names: which torch has them, and what happens without."""

import re

import pytest
import torch

from converter.fast import accelerate, onednn
from converter.fast.convolution.direct import DirectConvolution
from tests.dilatednet.formula_nets import formula_net
from tests.formula_weights import formula_image
from tests.places import ROOT

PRIVATE = re.compile(r"torch\._C|torch\.ops\.mkldnn|torch\._inductor")


def test_private_names_of_torch_stand_in_one_module():
    holders = {path.name for path in (ROOT / "converter").rglob("*.py") if PRIVATE.search(path.read_text())}
    assert holders == {"onednn.py"}


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
def test_this_torch_has_them():
    """Seen with torch 2.13.0, the version that constraints.txt names."""
    assert onednn.has_convolution()
    assert onednn.has_linear()


def test_without_them_the_public_functions_give_the_same(monkeypatch):
    net, x = formula_net("dilation8_camvid"), torch.from_numpy(formula_image(436, 420))[None]
    fused = accelerate(net)(x)
    monkeypatch.setattr(onednn, "_has", lambda *_: False)
    plain = accelerate(net)
    algorithms = [one.algorithm for one in plain.graph_module.children() if hasattr(one, "algorithm")]
    assert not any(one._fused for one in algorithms if isinstance(one, DirectConvolution))
    assert (plain(x) - fused).abs().max() <= 1e-5 * fused.abs().max()
