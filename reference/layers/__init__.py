"""Caffe's layers, forward, one file a type; see reference.registry for what such a file holds."""
