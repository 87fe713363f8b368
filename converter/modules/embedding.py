"""A table looked up by integers that stand in floating numbers, as all of Caffe's blobs do."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from converter.modules.integers import check_range


class CaffeEmbedding(nn.Embedding):
    """y = weight[x] + bias; x: any shape of integers as floating numbers -> (*x, embedding_dim).

    Differs from nn.Embedding by the bias and by the type of x. Source: src/caffe/layers/embed_layer.cpp.

        >>> CaffeEmbedding(10, 4)(torch.tensor([1.0, 3.0])).shape
        torch.Size([2, 4])
    """

    bias: Tensor | None

    def __init__(self, num_embeddings: int, embedding_dim: int, bias: bool = True) -> None:
        super().__init__(num_embeddings, embedding_dim)
        self.register_parameter("bias", nn.Parameter(torch.zeros(embedding_dim)) if bias else None)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """The rows.

        Raises:
            IndexError: a number beyond the table.
        """
        index = input.detach().long()
        check_range("index", index, self.num_embeddings)
        y = F.embedding(index, self.weight)
        return y if self.bias is None else y + self.bias
