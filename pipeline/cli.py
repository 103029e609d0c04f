"""The `fet` command: all stages and tools as subcommands."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from fet_core.errors import UserError
from fet_core.files import shown
from fet_core.stopping import Stopped, stop_no_more, stoppable

from .commands import COMMANDS, GROUPS, find

_COMPLETION = ("install_completion", "show_completion")

_OWN = ("fet_core", "fet_cli", "pipeline")
"""Packages without which it is no installation."""

_REMEDIES = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EACCES: "choose another, or change its permissions",
    errno.EPERM: "choose another, or change its permissions",
    errno.EROFS: "choose a place that can be written to",
    errno.ENOSPC: "make room on the disk and run the command again",
    errno.EDQUOT: "make room on the disk and run the command again",
    errno.EFBIG: "raise that limit (`ulimit -f`)",
    errno.EIO: "look after the disk, or choose a place on another",
}
"""What to do about an error of the system that is not this program's fault."""


class Groups(TyperGroup):
    """Lists the commands in groups, and imports one when it is called.

    The options of the shell's completion are not listed at all.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # What lists, completes and suggests names needs no more of a command than this.
        self.commands = {
            name: TyperCommand(name, short_help=command.line, hidden=command.hidden)
            for name, command in COMMANDS.items()
        }
        self._listing = False
        self._asked = ""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is asked for; `UserError` names the package that it lacks."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if self._asked not in COMMANDS or package in _OWN:
                raise
            raise UserError(
                f"`fet {self._asked}` needs the package {package}, which is not installed; run "
                f"`pip install 'fet[{COMMANDS[self._asked].extra}]'`, or `make env` in a clone"
            ) from error

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None where there is none."""
        if self._listing or cmd_name not in self.commands:
            return self.commands.get(cmd_name)
        self._asked = cmd_name
        return _imported(cmd_name)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """What a word may go on to."""
        self._listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._listing = False

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands."""
        for option in self.params:
            if option.name in _COMPLETION and hasattr(option, "hidden"):
                option.hidden = True
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands below the headings of their groups."""
        listed = {name: command for name, command in COMMANDS.items() if not command.hidden}
        width = max(map(len, listed))
        for group in GROUPS:
            rows = [
                (name.ljust(width), command.line)
                for name, command in listed.items()
                if command.group == group
            ]
            with formatter.section(group):
                formatter.write_dl(rows)


def _imported(name: str) -> Any:
    """A command as Click has it."""
    found = find(name)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    name="fet",
    help="Facial expression transfer: the source's expression on the target's face.",
    epilog="`fet COMMAND -h` lists a command's options; `fet --install-completion` lets the shell "
    "complete them.",
    cls=Groups,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"fet {version('fet')}")
        except PackageNotFoundError:
            print("fet, of a version that is not known: the package is not installed")
        raise typer.Exit


@app.callback()
def fet(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before any command."""


def main() -> None:
    """Run the command line.

    A user's mistake ends in one sentence and exit code 2, a signal to stop in one and 128 more
    than its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without Φ and Ω must not end a training with an error.
            stream.reconfigure(errors="replace")
    try:
        with stoppable():
            app()
    except Stopped as stop:
        code = stop.code
        # The terminal may have gone.
        with suppress(OSError):
            print(f"fet: {stop}; run the same command again", file=sys.stderr, flush=True)
    except UserError as error:
        print(f"fet: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        name = "the disk" if error.filename is None else shown(error.filename)
        todo = _REMEDIES[error.errno]
        print(f"fet: {name} cannot be used ({error.strerror}); {todo}", file=sys.stderr)
        raise SystemExit(2) from None
    else:
        return
    finally:
        stop_no_more()
    # Not among the handlers: the frames of what was stopped would live on, and workers with them.
    raise SystemExit(code)
