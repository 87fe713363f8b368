"""Images, labels, palettes, transforms, data sets, and the data layers of Caffe that read them."""
