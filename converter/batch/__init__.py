"""Many nets at once: a folder's pairs of prototxt and caffemodel, converted and verified one after the other."""
