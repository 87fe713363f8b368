"""Upgrade of nets written for older versions of Caffe (V0, V1) to today's form."""
