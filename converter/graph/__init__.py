"""The net as a frozen value: layers, parameters, phases, shapes and fillers, without torch."""
