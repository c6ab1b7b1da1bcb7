"""The command line. Each verb is a module; here they are put together, and every way out is given its exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

import click

from merkhet import __version__
from merkhet.cli.codes import Code, Failure
from merkhet.cli.options import color_of_one_command, color_option
from merkhet.cli.verbs import LazyGroup


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001, FBT001 - click's signature
    """Say which merkhet this is, which checks it has, and which Python runs it."""
    if not value or context.resilient_parsing:
        return
    # Loaded only where it is asked for: every other verb needs the suites themselves.
    history = importlib.import_module("merkhet.history")
    index, suite = history.index(), history.suite_version()
    counts = f"{len(index.checks)} checks of {index.requirements} requirements"
    click.echo(f"merkhet {__version__}, suite {suite}: {counts}")
    context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version of merkhet and of its suite, with counts.",
)
@color_option
def cli() -> None:
    """Judge an HTTP server by the text of the specifications, from outside."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(int(invoke(arguments)))


def invoke(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    with color_of_one_command():
        return _invoke(arguments)


def _invoke(arguments: Sequence[str] | None) -> int:
    if "_MERKHET_COMPLETE" in os.environ:
        # A shell asks what a word may go on with: our own way of answering bash must be there before click's is taken.
        importlib.import_module("merkhet.cli.completion")
    try:
        code: object = cli.main(arguments, prog_name="merkhet", standalone_mode=False)
    except Failure as failure:
        _tell_failure(failure)
        return failure.code
    except click.ClickException as problem:
        problem.show()
        return Code.INVOCATION
    except (click.Abort, KeyboardInterrupt):
        _tell("merkhet: interrupted")
        return Code.INTERRUPTED
    except BrokenPipeError:
        # Who read us has gone: nothing more can be told, not even this.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.OURS
    except Exception:  # noqa: BLE001 - the last place where an error of ours can be told as one
        _tell("merkhet itself failed; this is an error of ours, and no verdict on the server:")
        for line in traceback.format_exc().splitlines():
            _tell(line)
        return Code.OURS
    finally:
        _stop_targets()
    return code if isinstance(code, int) else Code.OK


def _tell_failure(failure: Failure) -> None:
    if not os.environ.get("GITHUB_ACTIONS"):
        _tell(f"merkhet: {failure}", failure.output, "bold red")
        return
    github = importlib.import_module("merkhet.cli.github")
    where = importlib.import_module("merkhet.cli.terminal").console(sys.stderr)
    with github.stopped(where):
        _tell(f"merkhet: {failure}", failure.output, "bold red")
    github.tell_failure(where, str(failure))


def _tell(words: str, output: str = "", style: str = "") -> None:
    # What draws on terminals is loaded only by what has something to draw.
    terminal = importlib.import_module("merkhet.cli.terminal")
    where = terminal.console(sys.stderr)
    terminal.say(where, words, style)
    if output:
        importlib.import_module("merkhet.cli.show").printed(where, output)


def _stop_targets() -> None:
    """Stop every target that was started. Where nothing has loaded what starts them, there is none."""
    process = sys.modules.get("merkhet.target.process")
    if process is not None:
        process.stop_all()
