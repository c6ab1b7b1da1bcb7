"""`merkhet completion`: the script with which a shell completes verbs, options, selectors and names of targets."""

from __future__ import annotations

import os
import re
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
)

from merkhet.cli.codes import Code

VARIABLE = "_MERKHET_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@add_completion_class
class Bash(BashComplete):
    """Completion for bash, which may cut a word at an @, : or = before anybody is asked; here it is put together again.

    The script says in COMP_WORDS the line up to the cursor, and in COMP_CWORD what bash takes for the word there.

    click's own asks bash for its version first, by starting another: this needs none, as every bash since 4.4 will do.
    """

    name: ClassVar[str] = "bash"
    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local IFS=$'\\n' kind value
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            nospace) compopt -o nospace; COMPREPLY+=("$value") ;;
            *) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_CWORD="$2" %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    @staticmethod
    def _check_version() -> None:
        """Ask nothing: see above."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words before the cursor, and the one that is being typed."""
        line = os.environ.get("COMP_WORDS", "")
        words = [word.replace("\\", "") for word in re.findall(r"(?:\\.|\S)+", line)]
        typed = words.pop() if len(words) > 1 and not line[-1:].isspace() else ""
        return words[1:], typed

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what a word may go on with, without that beginning of it which bash takes for a word of its own."""
        seen = os.environ.get("COMP_CWORD", "")
        cut = len(incomplete) - len(seen) if incomplete.endswith(seen) else 0
        found = super().get_completions(args, incomplete)
        return [item if item.type in {"dir", "file"} else _shortened(item, incomplete, cut) for item in found]

    def format_completion(self, item: CompletionItem) -> str:
        """Return one line of the answer to the script."""
        kind = "nospace" if item.type == "plain" and str(item.value).endswith(("#", "-", ":", "/")) else item.type
        return f"{kind},{item.value}"


def _shortened(item: CompletionItem, typed: str, cut: int) -> CompletionItem:
    value = str(item.value)
    return CompletionItem(value[cut:] if value.startswith(typed[:cut]) else value, item.type, item.help)


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> Code:
    r"""Print the script with which SHELL completes merkhet's words.

    \b
    bash: echo 'eval "$(merkhet completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(merkhet completion zsh)"' >> ~/.zshrc
    fish: merkhet completion fish > ~/.config/fish/completions/merkhet.fish
    """
    made: type[ShellComplete] | None = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"{shell} is no shell that can be completed for")
    click.echo(made(context.find_root().command, {}, "merkhet", VARIABLE).source())
    return Code.OK
