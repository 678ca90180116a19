"""What every engine's archive promises (src/bbws/audit/ports.py)."""

import pytest

from bbws.audit.ports import Archive, ArchiveCorrupt


def test_an_object_comes_back_as_it_was_put(archive: Archive) -> None:
    archive.put("2026/11/20/PROD-1_2026-11-20T10:00:00.000001Z-0000000001.json", b"\x00\xffcontent")
    archive.put("empty", b"")
    assert archive.get("2026/11/20/PROD-1_2026-11-20T10:00:00.000001Z-0000000001.json") == b"\x00\xffcontent"
    assert archive.get("empty") == b""
    assert archive.get("2026/11/20/other") is None
    assert archive.get("empty/below") is None


def test_the_same_again_is_success_and_anything_else_is_not(archive: Archive) -> None:
    archive.put("a/b", b"content")
    archive.put("a/b", b"content")
    for other in (b"", b"Content", b"content "):
        with pytest.raises(ArchiveCorrupt, match="a/b"):
            archive.put("a/b", other)
    assert archive.get("a/b") == b"content"


def test_many_at_once(archive: Archive) -> None:
    objects = [(f"{number % 7}/{number}", str(number).encode()) for number in range(250)]
    archive.put_all(objects[:10])
    archive.put_all(objects)
    assert {name: archive.get(name) for name, _ in objects} == dict(objects)
    assert set(archive.names("")) == dict(objects).keys()


def test_many_at_once_with_one_that_is_wrong(archive: Archive) -> None:
    archive.put("a", b"first")
    with pytest.raises(ArchiveCorrupt, match="a is in the archive"):
        archive.put_all([("b", b"1"), ("a", b"second")])
    with pytest.raises(ArchiveCorrupt):
        archive.put_all([("c", b"1"), ("c", b"2")])
    assert archive.get("a") == b"first"


def test_names_are_listed_by_folder(archive: Archive) -> None:
    names = {"2026/11/19/a", "2026/11/20/a", "2026/11/20/b", "2026/110", "checkpoints/1"}
    archive.put_all([(name, b"") for name in names])
    assert set(archive.names("")) == names
    assert set(archive.names("2026/11/")) == {"2026/11/19/a", "2026/11/20/a", "2026/11/20/b"}
    assert list(archive.names("1999/")) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        ".hidden",
        "a/.b",
        "a\x00",
        "a\n",
        "a b",
        "é",
        "a\\b",
        "a" * 201,
        f"{'a/' * 512}a",
    ],
)
def test_names_stay_inside(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="names are parts"):
        archive.put(name, b"")
    with pytest.raises(ValueError, match="names are parts"):
        archive.get(name)


@pytest.mark.parametrize("prefix", ["a", "/", "../", "a//"])
def test_a_prefix_is_a_folder(archive: Archive, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"prefix|names"):
        list(archive.names(prefix))
