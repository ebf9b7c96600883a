"""Files written whole or not at all, and their fingerprints."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place only when the block ends well.

    A run killed in the middle leaves the old file, never half a new one.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".eco-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.chmod(0o644)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path | str) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bar_foreign_drivers() -> None:
    """Shut GDAL's remote and virtual drivers; only works before pyogrio or rasterio is first imported.

    A .shp or .tif may be a VRT in disguise that reads any file of the machine or of the network.
    """
    drivers = "VRT,OGR_VRT,DERIVED,WMS,WCS,WFS,WMTS,OAPIF,HTTP,GTI,STACIT,STACTA,PLMOSAIC,PLSCENES,EEDA,EEDAI"
    os.environ["GDAL_SKIP"] = drivers
