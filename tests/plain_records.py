"""Records as nested lists of names and values, and nets upgraded from text, for comparisons by eye."""

from converter.formats.prototxt.parser import parse_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_net


def flat(record):
    """Names and values alone, messages as nested lists."""
    return [(item.name, flat(item.value) if isinstance(item.value, Record) else item.value) for item in record.fields]


def upgraded(text, notes=None):
    """A net's text in today's spelling."""
    return upgrade_net(parse_prototxt(text, path="net.prototxt"), notes)


def only_layer(text, notes=None):
    """The one layer of a net's text in today's spelling."""
    (layer,) = upgraded(text, notes).all("layer")
    return layer
