"""PostgreSQL's own programs: where they are, and as whom they run."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

from geo.errors import NeedleError

BINARIES = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")


def find_binary(name: str, version: str | None = None) -> Path:
    """One of PostgreSQL's programs under /usr/lib/postgresql.

    Parameters
    ----------
    version : str, optional
        The major version wanted; default: the newest that has PostGIS.

    Raises
    ------
    NeedleError
        ``database.missing_binaries``, naming the packages.
    """
    found = [p.name for p in BINARIES.glob("*") if (p / "bin" / name).exists() and _has_postgis(p.name)]
    wanted = [v for v in found if version in (None, v)]
    if not wanted:
        packages = (
            f"postgresql-{version} postgresql-{version}-postgis-3" if version else "postgresql postgresql-postgis"
        )
        raise NeedleError("database.missing_binaries", packages=packages)
    return BINARIES / max(wanted, key=int) / "bin" / name


def run_as(
    user: pwd.struct_passwd, command: Sequence[str], text: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program as ``user`` (changing to it when we are root), outside any folder that it may not enter."""
    root = os.geteuid() == 0
    return subprocess.run(
        command,
        input=text,
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": user.pw_dir},
        user=user.pw_uid if root else None,
        group=user.pw_gid if root else None,
        extra_groups=() if root else None,
    )


def postgres_user() -> pwd.struct_passwd:
    """The system user that Debian's PostgreSQL packages bring."""
    find_binary("postgres")
    return pwd.getpwnam("postgres")


def _has_postgis(version: str) -> bool:
    return version.isdigit() and (EXTENSIONS / version / "extension" / "postgis.control").exists()
