"""What `download` knows by name: file names, addresses, sizes and checksums of the models and data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from converter.errors import DownloadError


@dataclass(frozen=True)
class Source:
    """A file that can be fetched. Addresses are tried in order; `size` 0 and empty checksums: none is published."""

    name: str
    file_name: str
    addresses: tuple[str, ...] = ()
    minimum_bytes: int = 1
    size: int = 0
    md5: str = ""
    sha256: str = ""

    @property
    def is_archive(self) -> bool:
        """Whether there is something to unpack."""
        return self.file_name.endswith((".tar", ".tgz", ".tar.gz", ".zip"))


_DATA = (
    Source(
        "voc",
        "VOCtrainval_11-May-2012.tar",
        ("http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",),
        minimum_bytes=1_999_639_040,
        size=1_999_639_040,
        md5="6cd6e144f989b92b3379bac3b3de84fd",
        sha256="e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",
    ),
    Source(
        "sbd",
        "benchmark.tgz",
        (
            "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
            "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
        ),
        md5="82b4d87ceb2ed10f6038a1cba92111cb",
        sha256="6a5a2918d5c73ce032fdeba876574d150d9d04113ab87540a1304cbcc715be53",
    ),
    Source(
        "sbd-lists",
        "train_noval.txt",
        (
            "https://www.cs.cornell.edu/~bharathh/train_noval.txt",
            "http://home.bharathh.info/pubs/codes/SBD/train_noval.txt",
        ),
        md5="79bff800c5f0b1ec6b21080a3c066722",
        sha256="0b2068f7a359d2907431803e1cd63bf6162da37d7d503b589d3b08c6fd0c2432",
    ),
)


def sources(models: Iterable[Source] = ()) -> Mapping[str, Source]:
    """Every file by name: the models given, then the data sets."""
    return {source.name: source for source in (*models, *_DATA)}


def find_source(name: str, models: Iterable[Source] = ()) -> Source:
    """The file of this name among the models given and the data sets.

    Raises:
        DownloadError: there is none; the text lists those there are.
    """
    known = sources(models)
    if name not in known:
        raise DownloadError(f"nothing to download is called {name!r}; there are {', '.join(known)}")
    return known[name]
