"""Genuine Caffe's answers, made again: one module a kind of golden, on numpy and pycaffe alone.

What is fed (inputs, seeds, starting weights) is taken from the stored goldens or from tests/formula_weights; every
answer comes out of Caffe. The arrays that a stored golden holds say which answers are asked for.
"""
