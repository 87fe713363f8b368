"""Proof of parity: the converter and the oracle run on the same input, and every blob is compared.

The one room, with the command that prints its results, where `converter` and `reference` meet.
"""
