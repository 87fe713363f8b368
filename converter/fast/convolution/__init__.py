"""Convolution algorithms for inference, and the choice between them."""
