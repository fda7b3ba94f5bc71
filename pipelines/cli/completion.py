"""forensics completion: what a shell needs to complete commands and options at the Tab key."""

from __future__ import annotations

import sys

import click

SHELLS = ("bash", "zsh", "fish")

VARIABLE = "_FORENSICS_COMPLETE"
"""Through which the script asks this program for what fits: click's own protocol."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL, to be put where that shell looks for it.

    \b
    bash  forensics completion bash > ~/.local/share/bash-completion/completions/forensics
    zsh   forensics completion zsh > ~/.zfunc/_forensics      (with fpath+=~/.zfunc before compinit)
    fish  forensics completion fish > ~/.config/fish/completions/forensics.fish
    """  # noqa: D301 click reads the backspace as: keep these lines
    sys.stdout.write(script(shell))


def script(shell: str) -> str:
    """The script for one of `SHELLS`. It asks the program at each Tab; nothing of a case is read."""
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(click.Group("forensics"), {}, "forensics", VARIABLE)
    # The base class only fills the template in; the one of bash starts a shell to read its version.
    return ShellComplete.source(made) + "\n"
