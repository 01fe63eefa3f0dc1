"""Under which account PostgreSQL runs: it refuses to run as root, which is who runs containers and CI."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from relance.embedded.errors import StartError

_ACCOUNTS = ("postgres", "nobody")
# In order of how little they give: passing through and reading closed folders is enough when the programs may be
# executed by everybody; the second also executes programs installed under a umask of 077, and is what containers keep.
_CAPABILITIES = ("dac_read_search", "dac_override")


@dataclass(frozen=True, slots=True)
class Account:
    """A system account without privileges."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Launcher:
    """How a program of PostgreSQL is started: as whom, and with which capability kept to reach its folders."""

    account: Account | None = None
    capability: str | None = None

    def argv(self, argv: Iterable[str | Path], death_signal: str = "TERM") -> tuple[str, ...]:
        """The whole command line. `death_signal` is what the program gets when its parent dies."""
        command = tuple(str(word) for word in argv)
        if self.account is None or self.capability is None:
            return command
        # no_setuid_fixup: access(2) drops the capabilities of a caller that is not root, and initdb asks it whether
        # it may execute its neighbours. The exec that follows leaves the one capability and nothing else.
        return (
            "setpriv",
            f"--reuid={self.account.uid}",
            f"--regid={self.account.gid}",
            "--clear-groups",
            "--securebits=+no_setuid_fixup",
            f"--inh-caps=+{self.capability}",
            f"--ambient-caps=+{self.capability}",
            f"--pdeathsig={death_signal}",
            "--",
            *command,
        )

    @property
    def switched_by_popen(self) -> Account | None:
        """The account that the child takes by itself, when no capability has to be kept across the change."""
        return self.account if self.capability is None else None

    def own(self, path: Path) -> None:
        """Give `path` to the account that runs the server."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def choose_launcher(bin_dir: Path, share_dir: Path, data_parent: Path) -> Launcher:
    """The least privileged way to run the programs of `bin_dir` on data below `data_parent`.

    The clone may live in a folder that only root may enter (`mktemp -d`, /root). Modes of folders that are not ours
    stay as they are; each way is tried for real, because modes alone do not tell (ACLs, containers).

    Raises:
        StartError: no way works.
    """
    if os.geteuid() != 0:
        return Launcher()
    account = _unprivileged_account()
    ways = [Launcher(account)]
    if shutil.which("setpriv") is not None:
        ways += [Launcher(account, capability) for capability in _CAPABILITIES]
    for way in ways:
        if _works(way, bin_dir, share_dir, data_parent):
            return way
    raise StartError(
        f"PostgreSQL does not run as root, and the account “{account.name}” cannot reach {data_parent} or {bin_dir}: "
        "run as another user, choose --data-dir and the clone below a folder open to all, or set DATABASE_URL"
    )


def _unprivileged_account() -> Account:
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StartError(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(_ACCOUNTS)} to run it: "
        "run as another user, or set DATABASE_URL"
    )


def _works(way: Launcher, bin_dir: Path, share_dir: Path, data_parent: Path) -> bool:
    script = 'test -x "$1" && test -r "$2" && cd "$3" && exec "$1" --version'
    probe = ("/bin/sh", "-c", script, "sh", bin_dir / "postgres", share_dir / "postgres.bki", data_parent)
    account = way.switched_by_popen
    finished = subprocess.run(  # noqa: S603 - our own script, our own paths
        way.argv(probe),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return finished.returncode == 0
