"""Inference: an image is padded, cropped into tiles, labelled and stitched together."""
