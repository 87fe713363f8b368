"""Proof of parity: the converter and the oracle run on the same input, and every blob is compared.

The one room, with the command that prints its results, where `converter` and `reference` meet.

What a PASS proves. Against the oracle: that both programs compute the same from the same file, not that the file is
sound, for a damaged weight is read by both alike. Against stored blobs: that the net computes what it computed when
they were stored; one flipped exponent bit of a weight fails there and names its layer, wherever the weight has a say on
that input (one that feeds a unit which rectification keeps at zero has none, and a bias so small that doubling it moves
nothing beyond rounding has none to speak of). Blobs stored whole see more than samples of them.
"""
