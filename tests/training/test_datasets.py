"""Data packages: archives made here stand for Debian's and PyPI's; the real ones are marked."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lowfloat.training import datasets
from lowfloat.training.datasets.packages import DataPackage, DataUnavailable, cache_folder

TEXT = b"1\t2\t3\n"
OTHER = b"not the data"


def package(channel: str, requirement: str = "made-here") -> DataPackage:
    files = {"share/a/ratings.txt": hashlib.sha256(TEXT).hexdigest()}
    return DataPackage("made-here", channel, requirement, 0.1, files)


def wheel(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("share/a/ratings.txt", data)


def deb(path: Path, data: bytes) -> None:
    """An ar archive with the members of a Debian package."""
    tree = io.BytesIO()
    with tarfile.open(fileobj=tree, mode="w:xz") as tar:
        entry = tarfile.TarInfo("./share/a/ratings.txt")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": tree.getvalue()}
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, content in members.items():
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
            file.write(content + b"\n" * (len(content) % 2))


@pytest.mark.parametrize(
    ("make", "name"), [(wheel, "made-here-1.0-py3-none-any.whl"), (deb, "made-here_1.0_all.deb")]
)
def test_a_package_file_in_the_folder(tmp_path: Path, make, name: str) -> None:
    make(tmp_path / name, TEXT)
    assert package("apt").load(tmp_path) == {"ratings.txt": TEXT}


def test_unpacked_files_in_the_folder_are_told_apart_by_their_checksums(tmp_path: Path) -> None:
    for folder, data in (("x", OTHER), ("y", TEXT), ("z", OTHER)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ratings.txt").write_bytes(data)
    assert package("pip").load(tmp_path) == {"ratings.txt": TEXT}


@pytest.mark.parametrize("make", [wheel, deb])
def test_other_data_is_refused(tmp_path: Path, make) -> None:
    make(tmp_path / ("made-here-1.whl" if make is wheel else "made-here_1.deb"), OTHER)
    with pytest.raises(DataUnavailable, match=r"ratings\.txt of .* is damaged or another version"):
        package("pip").load(tmp_path)


@pytest.mark.parametrize("name", ["made-here-1.whl", "made-here_1.deb"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"!<arch>\nnonsense" * 9 if name.endswith("deb") else b"PK")
    with pytest.raises(DataUnavailable, match=name):
        package("pip").load(tmp_path)


def test_an_empty_folder_is_answered_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match="apt-get download made-here"):
        package("apt").load(tmp_path)


def test_without_a_network_the_way_out_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LOWFLOAT_DATA", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataUnavailable, match=r"no apt-get here.*--data"):
        package("apt").load()
    assert not list(tmp_path.iterdir())


def test_the_cache_is_used_and_checked(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LOWFLOAT_DATA", str(tmp_path))
    folder = cache_folder() / "made-here"
    folder.mkdir()
    (folder / "ratings.txt").write_bytes(TEXT)
    assert package("apt").load() == {"ratings.txt": TEXT}
    (folder / "ratings.txt").write_bytes(OTHER)
    with pytest.raises(DataUnavailable, match="delete it"):
        package("apt").load()


@pytest.mark.training
def test_fashion_mnist() -> None:
    train, test = datasets.fashion_mnist()
    assert train.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    assert set(np.bincount(train.labels)) == {6000}
    assert set(np.bincount(test.labels)) == {1000}


@pytest.mark.training
def test_verse_pairs() -> None:
    pairs = datasets.verse_pairs()
    assert len(pairs) == 31_084
    assert " ".join(pairs[0][0]) == "in the beginning god created the heaven and the earth ."
    assert " ".join(pairs[0][1]) == "en el principio crió dios los cielos y la tierra ."


@pytest.mark.training
def test_movielens() -> None:
    ratings = datasets.movielens()
    assert len(ratings.users) == 100_000
    assert len(set(ratings.users.tolist())) == 943
    assert len(set(ratings.items.tolist())) == 1682
    assert bool((np.diff(ratings.times) >= 0).all())
