"""The command line: one file a command. Errors of the library become exit codes here and nowhere else."""

from __future__ import annotations

import os
import sys

import click

from forensics import __version__
from forensics.errors import ForensicsError, StoreError
from forensics.model.text import visible
from pipelines.cli.attest import attest_check
from pipelines.cli.audit import audit
from pipelines.cli.certificate import certificate
from pipelines.cli.cluster import cluster
from pipelines.cli.compare import compare
from pipelines.cli.completion import completion
from pipelines.cli.deepen import deepen
from pipelines.cli.doctor import doctor
from pipelines.cli.exits import ExitCode, code_of
from pipelines.cli.export import export
from pipelines.cli.ingest import ingest
from pipelines.cli.init import init
from pipelines.cli.key import key
from pipelines.cli.lines import tell, tell_error, tell_usage
from pipelines.cli.lists import lists
from pipelines.cli.manual import manual
from pipelines.cli.match import match
from pipelines.cli.merge import merge
from pipelines.cli.receipt import receipt
from pipelines.cli.receive import receive
from pipelines.cli.replay import replay
from pipelines.cli.report import report
from pipelines.cli.review import review
from pipelines.cli.run import run
from pipelines.cli.seal import head, seal
from pipelines.cli.show import show
from pipelines.cli.telegram import telegram
from pipelines.cli.timeline import timeline
from pipelines.cli.track import track
from pipelines.cli.validate import validate
from pipelines.cli.vault import vault
from pipelines.cli.verify import verify
from pipelines.surroundings import one_thread_each

__all__ = ["commands", "main"]

COMMANDS = (
    *(run, init, ingest, deepen, merge, match, compare, review, show, timeline, track, telegram, lists, validate),
    *(seal, head, key, verify, attest_check, audit, replay, export, receive, receipt, report, certificate, doctor),
    *(vault, cluster, completion, manual),
)
"""Every command, in the order of the help text."""


class _Ordered(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name for command in COMMANDS if command.name]


@click.group(
    cls=_Ordered,
    epilog="The main job, from nothing to a report: forensics run ~/export ~/drone -c ~/cases/bridge",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="forensics")
def commands() -> None:
    """Video evidence forensics: keep footage untouched, find reposts, write a chain of custody."""


for _command in COMMANDS:
    commands.add_command(_command)


def main() -> None:
    """Run the command line and leave with its exit code."""
    one_thread_each()
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result = commands.main(args=arguments, prog_name="forensics", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        tell_usage(error)
        return ExitCode.USAGE
    except ForensicsError as error:
        tell_error(error)
        return code_of(error)
    except (KeyboardInterrupt, click.Abort):
        tell("forensics: interrupted; what is on disk is whole, and the same command goes on from here")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return ExitCode.OK
    except OSError as error:
        return _no_room(error)
    return int(result) if isinstance(result, int) else ExitCode.OK


def _no_room(error: OSError) -> ExitCode:
    """Stdout in a file on a full disk, a folder for temporary files: a full disk that no part could name as its own.

    Raises the error when it is anything else: that is a bug.
    """
    from forensics.acquire import is_full

    if not is_full(error):
        raise error
    where = visible(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else "what is written to"
    tell_error(
        StoreError(
            f"no room on the disk of {where}: {error.strerror}",
            code="store.full",
            hint="Free space there, then run the same command again.",
        )
    )
    return ExitCode.STORE
