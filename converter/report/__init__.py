"""Pages and drawings: one HTML style, charts, overlays."""
