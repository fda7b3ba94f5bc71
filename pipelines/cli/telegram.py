"""forensics telegram: what exports of Telegram chats say about one another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.exits import ExitCode
from pipelines.cli.lines import emit, path_fields, say, tell
from pipelines.cli.options import Work, case_option, open_desk, output_options

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from forensics.captures import Files
    from forensics.model.capture import Capture, CapturedPost, Difference
    from pipelines.cli.options import Desk
    from pipelines.telegram_diff import Comparison

TEXT_SHOWN = 200
"""Characters of a post's text in one line for a person; JSON lines have the whole."""


@click.group()
def telegram() -> None:
    """What exports of Telegram chats say about one another."""


@telegram.command()
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write one printable page, too.")
@click.option("--export-tz", "zone", metavar="ZONE", help="Time zone of HTML exports, such as Europe/Kyiv.")
@click.option("--files/--no-files", default=True, help="Compare the files of posts, too, by SHA-256 (default: yes).")
@click.option("--operator", help="Who acts, for the record.")
@case_option
@output_options
def diff(
    old: str,
    new: str,
    page: Path | None,
    zone: str | None,
    files: bool,
    operator: str | None,
    case_dir: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """What the later export NEW says otherwise than OLD: edited, replaced, absent posts.

    OLD and NEW are export folders of Telegram Desktop (JSON or HTML), or their result.json. A post is called absent
    only where NEW covers its number; why it is absent is not in the files. In a case, the comparison is logged.
    """
    from pipelines import telegram_diff as job

    work = _work(case_dir, operator, quiet=quiet)
    context: AbstractContextManager[Desk | None] = nullcontext() if work is None else work
    with ExitStack() as stack, context as desk:
        comparison = job.open_both(stack, old, new, zone, files=files)
        for difference in comparison.differences():
            if as_json:
                emit(job.difference_fields(difference, comparison))
            else:
                for line in _lines(difference):
                    say(line)
        if page is not None:
            _write(comparison, page, as_json=as_json)
        if desk is not None:
            comparison.record(desk.case, desk.run)
        noticed = _close(comparison, as_json=as_json, quiet=quiet)
    code = ExitCode.PARTIAL if noticed else ExitCode.OK
    return code if work is None else work.code(code)


def _work(case_dir: Path | None, operator: str | None, *, quiet: bool) -> Work | None:
    """Work on the case that is named or found; None when there is none, for comparing needs no case."""
    from pipelines.case import find_case
    from pipelines.surroundings import Surroundings

    if case_dir is None:
        from forensics.errors import CaseError

        try:
            find_case(None, Surroundings().environ, Path.cwd())
        except CaseError:
            return None
    return Work(open_desk(case_dir, {"operator": operator}), signed=False, quiet=quiet)


def _write(comparison: Comparison, page: Path, *, as_json: bool) -> None:
    from forensics.errors import StoreError
    from forensics.report import render_differences
    from pipelines.whole_files import write_whole

    data = render_differences(
        comparison.old.about,
        comparison.new.about,
        comparison.listed,
        found=comparison.found,
        counts=comparison.counts,
        notices=tuple(comparison.notices()),
    )
    try:
        write_whole(page, data)
    except OSError as error:
        raise StoreError(f"{page}: {error.strerror}", hint="name another place with --html") from error
    if as_json:
        emit({"type": "output", "name": "page", **path_fields(str(page))})


def _close(comparison: Comparison, *, as_json: bool, quiet: bool) -> bool:
    """Print what the captures are and what it comes to; whether there were notices."""
    from pipelines import telegram_diff as job

    notices = tuple(comparison.notices())
    captures = (("old", comparison.old.about), ("new", comparison.new.about))
    for notice in notices:
        tell(f"{notice.message} [{notice.code}]", quiet=quiet)
    if as_json:
        fields = job.summary_fields(comparison)
        for which, capture in captures:
            fields[which] = {**path_fields(capture.path), **job.capture_fields(capture)}
        emit(fields)
    else:
        for which, capture in captures:
            for line in _capture_lines(which, capture):
                say(line)
        counts = ", ".join(f"{count} {state}" for state, count in sorted(comparison.counts.items()))
        say(f"{counts or 'no differences'}")
        say(_files_line(comparison.files))
        if comparison.unlisted.posts:
            say(
                f"{comparison.unlisted.posts} posts have other source bytes in what is not compared (reactions, layout)"
            )
    return bool(notices)


def _files_line(files: Files | None) -> str:
    if files is None:
        return "files of posts: not compared"
    return (
        f"files of posts that both name: {files.equal} equal, {files.differ} not, {files.not_at_hand} not compared "
        "because one of the two is not at hand"
    )


def _capture_lines(which: str, capture: Capture) -> Iterator[str]:
    from forensics.report import utc

    yield f"{which}: {capture.path}"
    made = "at a time that nothing tells" if capture.newest is None else f"no earlier than {utc(capture.newest)}"
    yield f"     SHA-256 {capture.sha256}, made {made}"
    for chat in capture.chats:
        end = "" if chat.complete else ", cut"
        yield f"     {chat.name or chat.key}: {chat.posts} posts, {chat.least} to {chat.greatest}{end}"


def _lines(difference: Difference) -> Iterator[str]:
    states = " ".join(difference.states)
    where = difference.chat.name or difference.chat.key
    if difference.number is None:
        meant = ", ".join(str(low) if low == high else f"{low} to {high}" for low, high in difference.ranges[:10])
        yield f"{states}  {where}  {meant} ({difference.count})  {difference.reason}"
    else:
        yield f"{states}  {where}  {difference.number}  {difference.reason}"
    for change in difference.changes:
        yield f"    {change.field}: {_brief(change.old)} -> {_brief(change.new)}"
    if difference.old is None or difference.new is None:
        for told in (difference.old, difference.new):
            if told is not None:
                yield f"    {_told(told)}"
    if difference.album:
        yield f"    probably one album: {', '.join(map(str, difference.album))}"


def _told(told: CapturedPost) -> str:
    from forensics.report import posting_moment

    media = ", ".join(each.file_name or each.name or str(each.state) for each in told.media)
    return f"{posting_moment(told.post)}  {_brief(told.post.caption)}" + (f"  [{media}]" if media else "")


def _brief(text: str | None) -> str:
    if text is None:
        return "none"
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"
