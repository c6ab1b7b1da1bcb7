"""The verbs, each loaded only when it is asked for: `--help` and `--version` need not wait for the engine and the suites."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a command is, as module:name below `merkhet.cli`, and the line that `merkhet --help` has of it."""

    place: str
    help: str


VERBS: Mapping[str, Verb] = {
    "run": Verb("run:run", "Judge a server."),
    "list": Verb("list_:list_", "List the checks, or the rules that they test."),
    "report": Verb("report:report", "Make reports from the results of a run."),
    "compare": Verb("compare:compare", "Compare servers, or two runs of one."),
    "replay": Verb("replay:replay", "Send the recorded octets of a check again, and judge it anew."),
    "explain": Verb("explain:explain", "Explain checks, or a rule with all that tests it."),
    "baseline": Verb("baseline:baseline", "Keep the file of expected failures: update, check, prune."),
    "fuzz": Verb("fuzz:fuzz", "Fuzz parsers and servers."),
    "serve": Verb("serve:serve", "Serve the target contract, or a folder, with the embedded reference."),
    "selftest": Verb("selftest:selftest", "Prove that the checks can fail."),
    "init": Verb("init:init", "Write merkhet.toml for a server."),
    "doctor": Verb("doctor:doctor", "Look at a target: does it answer, and what does it offer."),
    "fixtures": Verb("fixtures:fixtures", "Write merkhet's fixture files into a folder."),
    "interop": Verb("interop:interop", "Have real clients talk to a server."),
    "schema": Verb("schema:schema", "Print the JSON Schema of the results."),
    "completion": Verb("completion:completion", "Print the script with which a shell completes merkhet's words."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, completed or asked for its own help, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return every verb, in the order in which one meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one verb. None if there is no such."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].place.partition(":")
        command: click.Command = getattr(importlib.import_module(f"merkhet.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is not there, say what is near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            # click looks for near names in a table that stays empty here.
            near = _near(args[0])
            raise click.UsageError(f"No such command {args[0]!r}.{near}", ctx) from problem


def _near(word: str) -> str:
    # Loaded only for whoever has mistyped.
    difflib = importlib.import_module("difflib")
    found: list[str] = difflib.get_close_matches(word, VERBS, 3)
    return f" Did you mean {' or '.join(found)}?" if found else ""
