import errno
import hashlib
import json
import shutil
import socket
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.cli import main
from converter.dilatednet.published import published_sources
from converter.download import transfer
from converter.download.download import download
from converter.download.download import fetch as fetch_file
from converter.download.sources import Source, find_source, sources
from converter.errors import DownloadError, OutputError
from tests.download.file_server import CONTENT, CUT_AT, Server

SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
QUICK = (0.5, 0.5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


def model(**more: Any) -> Source:
    return Source("net", "net.caffemodel", **{"minimum_bytes": len(CONTENT), **more})


def fetch(server: Server, folder: Path, *paths: str, source: Source | None = None) -> Path:
    return download(source or model(), folder, addresses=[server.address(path) for path in paths], timeout=QUICK)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_and_its_sha256_is_recorded_beside_it(server: Server, tmp_path: Path):
    path = fetch(server, tmp_path / "new" / "folder", "file")
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["dilatednet.lock.json", "net.caffemodel"]
    lock = json.loads((path.parent / "dilatednet.lock.json").read_text())
    assert lock == {"net.caffemodel": {"sha256": SHA256, "bytes": 300_000, "address": server.address("file")}}


def test_a_file_that_is_there_is_not_fetched_again_but_checked(server: Server, tmp_path: Path):
    path = fetch(server, tmp_path, "file")
    fetch(server, tmp_path, "file")
    assert len(server.requests) == 1
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    with pytest.raises(DownloadError, match=f"recorded in dilatednet.lock.json when the file first came is {SHA256}"):
        fetch(server, tmp_path, "file")


def test_another_file_under_a_recorded_name_is_refused(server: Server, tmp_path: Path):
    fetch(server, tmp_path, "file").unlink()
    server.content = bytes(len(CONTENT))
    with pytest.raises(DownloadError, match="the file is damaged or another one"):
        fetch(server, tmp_path, "file")
    assert names(tmp_path) == ["dilatednet.lock.json"]


def test_afresh_takes_another_file_under_a_recorded_name_and_keeps_the_old_one_until_it_came(
    server: Server, tmp_path: Path
):
    path = fetch(server, tmp_path, "file")
    server.content = bytes(len(CONTENT))
    with pytest.raises(DownloadError):
        download(model(), tmp_path, addresses=[server.address("missing")], timeout=QUICK, afresh=True)
    assert path.read_bytes() == CONTENT
    download(model(), tmp_path, addresses=[server.address("file")], timeout=QUICK, afresh=True)
    assert path.read_bytes() == bytes(len(CONTENT))
    (tmp_path / "mine").write_bytes(CONTENT)
    with pytest.raises(DownloadError, match=r"damaged or another one \(--afresh takes it\)"):
        fetch_file(model(), tmp_path / "mine", tmp_path)
    assert fetch_file(model(), tmp_path / "mine", tmp_path, afresh=True).read_bytes() == CONTENT


def test_after_a_cut_the_second_call_fetches_only_the_rest(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"180,224 bytes are kept in net\.caffemodel\.part"):
        fetch(server, tmp_path, "cut")
    assert names(tmp_path) == ["net.caffemodel.part", "net.caffemodel.part.json"]
    assert server.served == CUT_AT
    server.cut = False
    assert fetch(server, tmp_path, "cut").read_bytes() == CONTENT
    assert server.served == len(CONTENT)
    assert server.ranges == [None, f"bytes={CUT_AT}-"]
    assert names(tmp_path) == ["dilatednet.lock.json", "net.caffemodel"]


def test_a_server_that_ignores_ranges_is_answered_by_a_clean_restart(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match="are kept"):
        fetch(server, tmp_path, "no-ranges")
    server.cut = False
    assert fetch(server, tmp_path, "no-ranges").read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT_AT}-"]


def test_a_server_that_sends_another_range_than_asked_is_answered_by_a_clean_restart(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match="are kept"):
        fetch(server, tmp_path, "wrong-range")
    server.cut = False
    assert fetch(server, tmp_path, "wrong-range").read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT_AT}-", None]


def test_a_file_that_changed_on_the_server_is_not_spliced(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match="are kept"):
        fetch(server, tmp_path, "cut")
    server.cut, server.etag, server.content = False, '"two"', CONTENT[::-1]
    assert fetch(server, tmp_path, "cut").read_bytes() == CONTENT[::-1]


def test_without_a_mark_or_checksum_a_part_is_not_trusted(server: Server, tmp_path: Path):
    server.etag = None
    with pytest.raises(DownloadError):
        fetch(server, tmp_path, "cut")
    server.cut = False
    assert fetch(server, tmp_path, "cut").read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_without_a_mark_a_published_checksum_lets_a_part_go_on(server: Server, tmp_path: Path):
    server.etag, source = None, model(sha256=SHA256)
    with pytest.raises(DownloadError):
        fetch(server, tmp_path, "cut", source=source)
    server.cut = False
    assert fetch(server, tmp_path, "cut", source=source).read_bytes() == CONTENT
    assert server.served == len(CONTENT)


def test_a_part_that_is_complete_already_is_not_asked_for_again(server: Server, tmp_path: Path):
    note = {"address": server.address("file"), "mark": '"one"', "total": len(CONTENT)}
    (tmp_path / "net.caffemodel.part").write_bytes(CONTENT)
    (tmp_path / "net.caffemodel.part.json").write_text(json.dumps(note))
    assert fetch(server, tmp_path, "file").read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("note", ["", "{", "[]", "null", '{"address": 3}'])
def test_a_damaged_note_means_a_start_from_nothing(server: Server, tmp_path: Path, note: str):
    (tmp_path / "net.caffemodel.part").write_bytes(b"rubbish")
    (tmp_path / "net.caffemodel.part.json").write_text(note)
    assert fetch(server, tmp_path, "file").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_fetched_anew(server: Server, tmp_path: Path):
    note = {"address": server.address("file"), "mark": '"one"', "total": None}
    (tmp_path / "net.caffemodel.part").write_bytes(CONTENT + b"more")
    (tmp_path / "net.caffemodel.part.json").write_text(json.dumps(note))
    assert fetch(server, tmp_path, "file").read_bytes() == CONTENT


def test_a_stalled_connection_ends_with_an_error_and_keeps_what_came(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"the connection stalled; 1\d\d,\d\d\d bytes are kept"):
        fetch(server, tmp_path, "stall")
    kept = (tmp_path / "net.caffemodel.part").read_bytes()
    assert kept
    assert kept == CONTENT[: len(kept)]
    assert not (tmp_path / "net.caffemodel").exists()


def test_a_length_larger_than_the_body_is_a_cut(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"ended early|ended after"):
        fetch(server, tmp_path, "too-long")
    assert not (tmp_path / "net.caffemodel").exists()


def test_a_length_smaller_than_the_body_gives_a_short_file_which_is_refused(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"1,000 bytes; a genuine net\.caffemodel has at least 300,000"):
        fetch(server, tmp_path, "too-short")
    assert names(tmp_path) == []


def test_a_file_without_a_length_comes_whole(server: Server, tmp_path: Path):
    assert fetch(server, tmp_path, "unsized").read_bytes() == CONTENT


def test_a_redirect_is_followed_and_a_circle_is_not(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match="redirects in a circle"):
        fetch(server, tmp_path, "circle")
    assert fetch(server, tmp_path, "moved").read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["page", "disguised"])
def test_a_page_in_place_of_the_file_is_refused(server: Server, tmp_path: Path, path: str):
    with pytest.raises(DownloadError, match="an HTML page in place of the file"):
        fetch(server, tmp_path, path, source=model(minimum_bytes=1))
    assert names(tmp_path) == []


def test_a_page_after_a_cut_leaves_the_part_as_it_was(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError):
        fetch(server, tmp_path, "cut")
    with pytest.raises(DownloadError, match="HTML page"):
        fetch(server, tmp_path, "page")
    assert (tmp_path / "net.caffemodel.part").read_bytes() == CONTENT[:CUT_AT]


def test_an_empty_answer_is_refused(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match="0 bytes; a genuine"):
        fetch(server, tmp_path, "empty", source=model(minimum_bytes=1))
    assert names(tmp_path) == []


def test_a_missing_file_says_404_and_how_to_bring_it(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"nothing: the server answers 404 .*--from-file FILE, or --url ADDRESS"):
        fetch(server, tmp_path, "nothing")
    assert names(tmp_path) == []


def test_addresses_are_tried_in_order_until_one_gives_the_file(server: Server, tmp_path: Path):
    assert fetch(server, tmp_path, "nothing", "page", "file", "moved").read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/nothing", "/page", "/file"]


def test_when_all_addresses_fail_each_has_its_reason(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError) as caught:
        fetch(server, tmp_path, "nothing", "page", "circle")
    text = str(caught.value)
    assert "3 addresses were tried" in text
    for reason in ("404", "HTML page", "circle"):
        assert reason in text


def test_a_part_goes_on_at_the_address_it_came_from(server: Server, tmp_path: Path):
    with pytest.raises(DownloadError):
        fetch(server, tmp_path, "nothing", "cut")
    server.cut = False
    fetch(server, tmp_path, "nothing", "cut")
    assert server.requests[2:] == [("/cut", f"bytes={CUT_AT}-")]


def test_a_host_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
        with pytest.raises(DownloadError, match=r"no connection: .*refused"):
            download(model(), tmp_path, addresses=[address], timeout=QUICK)
    assert names(tmp_path) == []


@pytest.mark.parametrize("address", ["ftp://example.org/x", "net.caffemodel", "http://"])
def test_an_address_of_another_kind_is_an_error(tmp_path: Path, address: str):
    with pytest.raises(DownloadError, match="not an address that can be fetched"):
        download(model(), tmp_path, addresses=[address])


def test_a_disk_that_fills_up_keeps_what_came(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    append = transfer._append

    def full(file: Any, block: bytes, bar: Any) -> None:
        if file.tell() + len(block) > 200_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(file, block, bar)

    monkeypatch.setattr(transfer, "_append", full)
    with pytest.raises(OutputError, match=r"No space left on device; \d+,\d+ bytes are kept in net\.caffemodel\.part"):
        fetch(server, tmp_path, "file")
    assert not (tmp_path / "net.caffemodel").exists()
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert fetch(server, tmp_path, "file").read_bytes() == CONTENT
    assert server.ranges[1] is not None


def test_a_disk_without_room_is_told_before_the_first_byte(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(OutputError, match="300,000 bytes to come, 1,000 free on the disk"):
        fetch(server, tmp_path, "file")
    assert names(tmp_path) == []


def test_published_checksums_are_checked(server: Server, tmp_path: Path):
    assert fetch(server, tmp_path / "a", "file", source=model(md5=MD5, sha256=SHA256.upper())).exists()
    for wrong in ({"md5": "0" * 32}, {"sha256": "0" * 64}):
        with pytest.raises(DownloadError, match="published is 0000"):
            fetch(server, tmp_path / "b", "file", source=model(**wrong))
        assert names(tmp_path / "b") == []


def test_a_file_from_elsewhere_is_copied_checked_and_recorded(tmp_path: Path):
    (tmp_path / "mine").write_bytes(CONTENT)
    path = fetch_file(model(), tmp_path / "mine", tmp_path / "models")
    assert path.read_bytes() == CONTENT
    assert json.loads((tmp_path / "models" / "dilatednet.lock.json").read_text())["net.caffemodel"]["sha256"] == SHA256
    (tmp_path / "other").write_bytes(bytes(len(CONTENT)))
    with pytest.raises(DownloadError, match="recorded in"):
        fetch_file(model(), tmp_path / "other", tmp_path / "models")
    with pytest.raises(DownloadError, match="no such file"):
        fetch_file(model(), tmp_path / "nowhere", tmp_path / "models")
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("text", ["{", "[]", '{"net.caffemodel": 3}'])
def test_a_damaged_lock_file_is_an_error(server: Server, tmp_path: Path, text: str):
    (tmp_path / "dilatednet.lock.json").write_text(text)
    with pytest.raises(DownloadError, match="lock file"):
        fetch(server, tmp_path, "file")
    assert not (tmp_path / "net.caffemodel").exists()


def test_every_published_net_and_data_set_has_a_name():
    known = sources(published_sources())
    assert {"dilation8_pascal_voc", "dilation7_kitti", "vgg_conv", "voc", "sbd", "sbd-lists"} <= set(known)
    assert known["dilation8_pascal_voc"].minimum_bytes == 564_598_880
    assert known["dilation10_cityscapes"].minimum_bytes == 537_492_172
    assert known["voc"].size == 1_999_639_040
    assert {len(source.sha256) for source in known.values()} == {0, 64}
    with pytest.raises(DownloadError, match="'resnet'; there are dilation8_pascal_voc"):
        find_source("resnet", published_sources())


def test_a_net_without_an_address_says_how_to_bring_it(tmp_path: Path):
    with pytest.raises(
        DownloadError, match=r"no address is known for frontend_pascal_voc; if you have the file elsewhere"
    ):
        download(find_source("frontend_pascal_voc", published_sources()), tmp_path)


def test_the_command_refuses_a_short_model_with_exit_code_2(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["download", "dilation7_kitti", "-o", str(tmp_path), "--url", server.address("file"), "--timeout", "2"]
    assert main(arguments) == 2
    assert "300,000 bytes; a genuine dilation7_kitti.caffemodel has at least 537,249,372" in capsys.readouterr().err
    assert names(tmp_path) == []
