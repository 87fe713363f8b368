"""The demo's net: a front end and a Large context module trained on drawn scenes, as a Caffe net and its weights."""
