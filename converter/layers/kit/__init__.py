"""What several layer types share: windows, boxes, losses, recurrent steps, data layers."""
