"""NumPy's draws by PyTorch's generator, against NumPy itself."""

import copy
import pickle

import numpy as np
import pytest
import torch

from converter.modules.numpy_choice import NumpyChoice


@pytest.mark.parametrize("seed", [0, 3, 2**32 - 1])
def test_every_permutation_and_choice_is_numpys(seed):
    ours, theirs = NumpyChoice(seed), np.random.RandomState(seed)
    for count in (5, 1, 0, 2, 1500, 33):
        assert ours.permutation(count).tolist() == theirs.permutation(count).tolist()
    items = np.arange(40) * 3
    assert ours.choice(torch.from_numpy(items), 7).tolist() == theirs.choice(items, 7, replace=False).tolist()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_goes_on_where_the_other_was_and_apart_from_it(copied):
    first = NumpyChoice(3)
    first.permutation(10)
    second = copied(first)
    assert second.permutation(50).tolist() == first.permutation(50).tolist()
    second.permutation(50)
    assert NumpyChoice(3).permutation(10).tolist() != first.permutation(10).tolist()
