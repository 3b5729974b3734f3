"""Storage elsewhere, named by a URL as fsspec takes it: `s3://bucket/prefix`, `file:///mnt/share`, and others.

Who may write there, and at which address a store answers, is said by the store's own environment and files (for S3
`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on), so that no secret stands in a URL or a configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from himaya.core.errors import HimayaError, InputError, ServiceError


class Storage:
    """A folder of a store. Names are relative to it; every call may wait, and raises ServiceError when it fails.

    `is_local`: it is a directory of this machine, or one that is mounted here.
    """

    def __init__(self, url: str) -> None:
        """Open the store. Raises InputError when nothing installed speaks to it."""
        self.url = url.rstrip("/")
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415  (an extra)
        except ImportError:
            raise InputError(f"{url}: install himaya[storage] to use it") from None
        self.is_local = "://" not in url or url.startswith("file:")
        options = {"auto_mkdir": True} if self.is_local else {}
        try:
            with self._told(self.url):
                self.fs, root = url_to_fs(url, use_listings_cache=False, **options)
        except ServiceError as problem:
            raise InputError(f"{problem}") from None
        self._root = root.rstrip("/")

    def path(self, name: str = "") -> str:
        """Return what the store itself calls a file of the folder."""
        return f"{self._root}/{name}" if name else self._root

    def under(self) -> Any:  # noqa: ANN401  (a file system of fsspec)
        """Return the folder as a file system of its own, `dir://`: DuckDB would take `s3://` for itself."""
        from fsspec.implementations.dirfs import DirFileSystem  # noqa: PLC0415  (an extra)

        return DirFileSystem(path=self._root, fs=self.fs)

    def put(self, name: str, data: bytes, **more: Any) -> None:  # noqa: ANN401  (words of the store)
        """Write a file so that its old or its new content is there."""
        path = self.path(name)
        with self._told(f"{self.url}/{name}"):
            if self.is_local:
                self.fs.pipe_file(f"{path}.new", data)
                self.fs.mv(f"{path}.new", path)
            else:
                self.fs.pipe_file(path, data, **more)

    def get(self, name: str, most: int | None = None) -> bytes:
        """Return what a file holds, with `most` one byte more than that at most."""
        with (
            self._told(f"{self.url}/{name}"),
            self.fs.open(self.path(name), "rb") as source,
        ):
            data: bytes = source.read(-1 if most is None else most + 1)
            return data

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        with self._told(f"{self.url}/{name}"):
            return bool(self.fs.exists(self.path(name)))

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the files in a folder, in order; none when there is no such folder."""
        with self._told(f"{self.url}/{folder}"):
            self.fs.invalidate_cache()
            try:
                found = self.fs.ls(self.path(folder), detail=True)
            except FileNotFoundError:
                return []
        return sorted(one["name"].rpartition("/")[2] for one in found if one["type"] == "file")

    def remove(self, name: str) -> None:
        """Remove a file that is there."""
        with self._told(f"{self.url}/{name}"):
            self.fs.rm_file(self.path(name))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what a store refuses into a ServiceError."""
        try:
            yield
        except HimayaError:
            raise
        except Exception as problem:  # noqa: BLE001  (every store has errors of its own)
            said = str(problem) or type(problem).__name__
            raise ServiceError(f"{what}: {said}"[:300]) from None
