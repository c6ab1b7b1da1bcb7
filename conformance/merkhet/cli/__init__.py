"""The command line. Each verb is a module; here they are put together, and every way out is given its exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence

import click

from merkhet import __version__
from merkhet.cli.codes import Code, Failure
from merkhet.cli.compare import compare
from merkhet.cli.doctor import doctor
from merkhet.cli.explain import explain
from merkhet.cli.fixtures import fixtures
from merkhet.cli.init import init
from merkhet.cli.interop import interop
from merkhet.cli.list_ import list_
from merkhet.cli.replay import replay
from merkhet.cli.report import report
from merkhet.cli.run import run
from merkhet.cli.schema import schema
from merkhet.cli.selftest import selftest
from merkhet.cli.serve import serve
from merkhet.cli.show import printed
from merkhet.cli.terminal import console, say
from merkhet.target.process import stop_all


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="merkhet")
def cli() -> None:
    """Judge an HTTP server by the text of the specifications, from outside."""


for command in (run, report, compare, replay, list_, explain, serve, selftest, init, doctor, fixtures, interop, schema):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(int(invoke(arguments)))


def invoke(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        code: object = cli.main(arguments, prog_name="merkhet", standalone_mode=False)
    except Failure as failure:
        where = console(sys.stderr)
        say(where, f"merkhet: {failure}", "bold red")
        printed(where, failure.output)
        return failure.code
    except click.ClickException as problem:
        problem.show()
        return Code.INVOCATION
    except (click.Abort, KeyboardInterrupt):
        say(console(sys.stderr), "merkhet: interrupted")
        return Code.INTERRUPTED
    except BrokenPipeError:
        # Who read us has gone: nothing more can be told, not even this.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.OURS
    except Exception:  # noqa: BLE001 - the last place where an error of ours can be told as one
        where = console(sys.stderr)
        say(where, "merkhet itself failed; this is an error of ours, and no verdict on the server:")
        for line in traceback.format_exc().splitlines():
            say(where, line)
        return Code.OURS
    finally:
        stop_all()
    return code if isinstance(code, int) else Code.OK
