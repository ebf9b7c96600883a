"""A PostgreSQL server with PostGIS of the tests' own: a folder, a socket, one process, gone at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def programs() -> Path:
    """Where Debian puts the newest server's programs; they are not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    assert found, "PostgreSQL is missing: apt-get install postgresql-15-postgis-3"
    return found[-1].parent


@contextmanager
def running_server() -> Iterator[str]:
    """Address of a server whose database `template_gis` holds PostGIS."""
    # The server refuses to run as root; a socket's path has at most 107 signs.
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="eco-pg-", dir="/tmp"))
    if owner:
        shutil.chown(home, "postgres", "postgres")
    make = [programs() / "initdb", "-D", home / "data", "-U", "eco", "-A", "trust", "-E", "UTF8", "--no-sync"]
    server = None
    try:
        subprocess.run([*make, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **owner)
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "log_min_messages=fatal"]
        run = [programs() / "postgres", "-D", home / "data", "-k", home, *options]
        server = subprocess.Popen(run, cwd="/", stderr=subprocess.DEVNULL, **owner)
        url = f"postgresql://eco@/postgres?host={home}"
        with _answered(url) as connection:
            connection.execute("CREATE DATABASE template_gis")
        with psycopg.connect(named(url, "template_gis"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        yield url
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # a fast shutdown
            server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def named(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return url.replace("/postgres?", f"/{database}?")


def _answered(url: str) -> psycopg.Connection:
    for _ in range(200):
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer in ten seconds")
