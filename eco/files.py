"""Files written whole or not at all by one writer at a time, sealed with their fingerprints."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding

if os.name == "nt":
    import msvcrt
else:
    import fcntl

Seal = Literal["none", "whole", "changed"]
_WAIT_SECONDS = 60.0
_DISK_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


@contextmanager
def whole_file(
    path: Path | str, *, read_back: Callable[[Path], object] | None = None, sealed: bool = False
) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place only when the block ends well.

    A run killed in the middle, or a full disk, leaves the old file, never half a new one; the block
    may read the old file and has it to itself. `read_back` is called with the finished draft and
    raises when it is not whole; `sealed` writes a fingerprint beside the file (see `seal_of`).
    """
    target = Path(path)
    with _disk_told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with one_writer(target):
            _sweep(target.parent, _family(target))
            handle, name = tempfile.mkstemp(prefix=_family(target), suffix=target.suffix, dir=target.parent)
            os.close(handle)
            draft = Path(name)
            try:
                yield draft
                _sync(draft)
                if read_back is not None:
                    read_back(draft)
                draft.chmod(0o644)
                _take_place(draft, target, sealed=sealed)
            finally:
                _sweep(target.parent, draft.name)


def write_text(path: Path | str, text: str, *, sealed: bool = False) -> None:
    """Write UTF-8 text whole or not at all."""

    def same(draft: Path) -> None:
        if draft.read_bytes() != text.encode("utf-8"):
            raise OSError(errno.EIO, "not what was written")

    with whole_file(path, read_back=same, sealed=sealed) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def one_writer(path: Path | str, *, wait_seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Keep all other writers of `path` out until the block ends; a killed writer's lock ends with it.

    Raises DataProblem (E-LOCK-01) when another writer does not finish within `wait_seconds`.
    """
    target = Path(path)
    lock = target.with_name(f"{_family(target)}.lock")
    until = time.monotonic() + wait_seconds
    handle = _locked(lock)
    while handle is None:
        if time.monotonic() > until:
            raise DataProblem([_busy(target, wait_seconds)])
        time.sleep(0.01)
        handle = _locked(lock)
    try:
        yield
    finally:
        # Removed while still held, so that nobody can lock a name that is about to go.
        if os.name != "nt":
            lock.unlink(missing_ok=True)
        os.close(handle)


def sha256(path: Path | str) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal_path(path: Path | str) -> Path:
    """Where the fingerprint of a file stands: beside it, in the form `sha256sum -c` reads."""
    return Path(f"{path}.sha256")


def seal_of(path: Path | str) -> Seal:
    """Whether a file is still as it was sealed: "whole", "changed", or "none" when it has no seal."""
    seal = seal_path(path)
    if not seal.is_file():
        return "none"
    lines = seal.read_bytes().splitlines()
    # A run killed between seal and file leaves two lines: the new file's and the old one's.
    return "whole" if sha256(path).encode() in {line.split(b" ")[0] for line in lines} else "changed"


def bar_foreign_drivers() -> None:
    """Shut GDAL's remote, virtual and indirect drivers; only works before pyogrio or rasterio is imported.

    A .shp, .json or .tif may be a VRT or a pipeline in disguise that reads any file of the machine
    or of the network.
    """
    drivers = "VRT,OGR_VRT,DERIVED,GTI,STACIT,STACTA,GDALG,ADBC,OGCAPI,OAPIF,WMS,WCS,WFS,WMTS,CSW,HTTP"
    hosts = "PLMOSAIC,PLSCENES,EEDA,EEDAI,NGW,Carto,AmigoCloud,Elasticsearch,GPSBabel,DAAS"
    os.environ["GDAL_SKIP"] = f"{drivers},{hosts}"


def _take_place(draft: Path, target: Path, *, sealed: bool) -> None:
    seal = seal_path(target)
    if not sealed:
        os.replace(draft, target)
        seal.unlink(missing_ok=True)  # an old seal would call the new file damaged
        _sync(target.parent)
        return
    line = f"{sha256(draft)}  {target.name}\n"
    old = seal.read_text(encoding="utf-8").splitlines(keepends=True) if seal.is_file() else []
    if len(old) > 1:  # the last writer was killed: which of the two stands?
        old = [entry for entry in old if target.is_file() and entry.startswith(sha256(target))]
    _write_seal(target, "".join([line, *old]))
    os.replace(draft, target)
    _write_seal(target, line)
    _sync(target.parent)


def _family(target: Path) -> str:
    """How the names of a file's drafts begin: short, whatever the length of its own."""
    return f".eco-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"


def _write_seal(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=_family(target), dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, seal_path(target))
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot and need not sync a folder
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, start: str) -> None:
    """Remove a dead writer's drafts: nobody else writes while the lock is held."""
    for stale in folder.iterdir():
        if stale.name.startswith(start) and stale.suffix != ".lock":
            stale.unlink(missing_ok=True)


def _locked(lock: Path) -> int | None:
    """A handle that holds the lock, or None when another has it."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if os.name == "nt":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino != lock.stat().st_ino:
                raise OSError(errno.EAGAIN, "the lock's name went to another file")
        return handle
    except OSError:
        os.close(handle)
        return None


@contextmanager
def _disk_told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_FAULTS:
            raise
        finding = Finding(
            "E-DISK-01",
            "error",
            "",
            target.name,
            "",
            error.strerror or str(error.errno),
            Phrase(
                "磁盘能写下整个文件；原文件未动",
                "room on the disk for the whole file; the old one is untouched",
            ),
            Phrase("腾出空间后重试", "make room and try again"),
        )
        raise DataProblem([finding]) from error


def _busy(target: Path, seconds: float) -> Finding:
    return Finding(
        "E-LOCK-01",
        "error",
        "",
        target.name,
        "",
        f"另一程序写了 {seconds:g} 秒以上 / another writer for over {seconds:g} s",
        Phrase("同一时间只有一个程序写此文件", "one writer of this file at a time"),
        Phrase("等其结束后重试", "wait for it to end and try again"),
    )
