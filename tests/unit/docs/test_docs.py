"""The documentation is checked against the program that it describes."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from forensics.custody import CONCEALED, VERIFY_STEPS
from pipelines.cli import commands
from pipelines.cli.exits import ExitCode

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
GUIDES = tuple(page for page in PAGES if page.parent != DOCS / "adr")
PREFIXES = (
    "archive|catalog|certificate|clock|compare|exchange|exif|export|input|integrity|manifest|match|media|merge|model|"
    "parser|receipt|seal|sidecar|stamp|store|telegram|telemetry|tool|worker|ytdlp"
)
CODE = re.compile(rf"(?:{PREFIXES})\.(?!json\Z|jsonl\Z|html\Z)[a-z][a-z_]+\Z")
PARTLY_NAMED = dict.fromkeys(("srt.py", "klv.py", "gpmf.py", "djmd.py", "boxes.py"), "telemetry") | {"exif.py": "exif"}
"""Modules whose notices get the first half of their code from one function, and that half."""


def every_command() -> dict[str, click.Command]:
    """Each command, and each command of a group (``lists export``), by the words that call it."""
    found: dict[str, click.Command] = {}
    for name, command in commands.commands.items():
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": each for inner, each in command.commands.items()}
    return found


def everything() -> str:
    return "\n".join(page.read_text("utf-8") for page in GUIDES)


def fenced(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def literal_codes() -> Iterator[str]:
    """Every text of the source that has the form of a code."""
    for folder in ("forensics", "pipelines"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.match(node.value):
                    yield node.value
            first = PARTLY_NAMED.get(path.name)
            if first is not None:
                yield from (f"{first}.{rest}" for rest in _second_halves(tree))


def _second_halves(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_notice":
            code = node.args[0]
            if isinstance(code, ast.Constant):
                yield str(code.value)


@pytest.mark.parametrize("words", every_command())
def test_every_command_is_named_with_the_program(words: str) -> None:
    assert re.search(rf"\bforensics {words}\b", everything())


@pytest.mark.parametrize("command", [commands, *every_command().values()], ids=lambda command: str(command.name))
def test_every_option_is_named(command: click.Command) -> None:
    text = everything()
    options = [name for each in command.params for name in (*each.opts, *each.secondary_opts) if name.startswith("--")]
    assert [name for name in options if not re.search(rf"{re.escape(name)}(?![\w-])", text)] == []


def test_no_page_names_an_option_that_the_program_lacks() -> None:
    known = {
        name
        for each in (commands, *every_command().values())
        for p in each.params
        for name in (*p.opts, *p.secondary_opts)
    }
    known |= {"--help"}
    named: set[str] = set()
    for line in everything().splitlines():
        found = re.search(r"(?:^|[\s|(`/])forensics (?:[a-z]+\b)(.*)", line)
        if found:
            named |= set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", found[1].split("|")[0]))
    assert named - known == set()


def test_every_exit_code_stands_with_its_name() -> None:
    page = (DOCS / "exit-codes.md").read_text("utf-8")
    told = {(int(number), name) for number, name in re.findall(r"^\| (\d+) \| ([A-Z]+) \|", page, re.MULTILINE)}
    assert told == {(code.value, code.name) for code in ExitCode}


def test_every_code_of_the_source_has_advice() -> None:
    page = (DOCS / "investigators.md").read_text("utf-8")
    advised = {code for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for code in re.findall("`(.*?)`", row)}
    codes = set(literal_codes())
    assert len(codes) > 60
    assert sorted(codes - advised) == []


def test_no_advice_is_given_on_a_code_that_is_gone() -> None:
    page = (DOCS / "investigators.md").read_text("utf-8")
    advised = {code for code in re.findall("`(.*?)`", page) if CODE.match(code)}
    told_by_loops = {"telemetry.ambiguous", "telemetry.half_position", "telemetry.no_fix", "telemetry.home_far"}
    told_by_loops |= {"telemetry.cut_set", "telemetry.unknown_set"}
    assert sorted(advised - set(literal_codes()) - told_by_loops) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = page if not name else page.parent / name
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_steps_of_verify_stand_with_number_name_and_words() -> None:
    page = (DOCS / "verify.md").read_text("utf-8")
    told = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert told == [(str(int(number)), name, words) for number, name, words in VERIFY_STEPS]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_json_examples_can_be_parsed(page: Path) -> None:
    for block in fenced(page, "json"):
        try:
            json.loads(block)
        except json.JSONDecodeError:
            assert all(isinstance(json.loads(line), dict) for line in block.splitlines())


def test_the_manifest_example_has_the_digests_that_it_names() -> None:
    from forensics.custody import canonical

    facts = json.loads(fenced(DOCS / "manifest.md", "json")[0])["predicate"]["facts"]
    assert canonical.digest(facts["exact"]) == facts["exact_sha256"]
    assert canonical.digest(facts["recipe"]) == facts["recipe_sha256"]


def test_error_rates_name_their_set_and_their_intervals() -> None:
    page = (DOCS / "method.md").read_text("utf-8")
    section = page.split("## Error rates\n", 1)[1].split("\n## ", 1)[0]
    assert re.search(r"`[0-9a-f]{64}`", section)
    assert "Wilson" in section
    assert "wrong pairs decided `match` | 0" in section


needs_tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("jq", "sha256sum", "bash", "python3", "ffmpeg")),
    reason="the pages' commands need jq, coreutils, bash, python3 and ffmpeg",
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with two clips, one a smaller copy of the other, the first seen in two places; their match confirmed."""
    folder = tmp_path_factory.mktemp("docs")
    clip, copy = folder / "clip.mp4", folder / "copy.mp4"
    source = ["-f", "lavfi", "-i", "mandelbrot=s=192x144:r=12:end_scale=0.02:end_pts=60", "-t", "3"]
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1"]
    for words in ([*source, *encode, str(clip)], ["-i", str(clip), "-vf", "scale=160:-2", *encode, str(copy)]):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *words], check=True)
    shutil.copy(clip, folder / "again.mp4")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORENSICS_")}
    opinion = ("--confirm", "--reason", "same zoom", "--examiner", "Examiner 2")
    for job in (
        ("run", clip, copy, "-j", "1"),
        ("ingest", folder / "again.mp4", "-j", "1"),
        ("review", "E-0001", "E-0002", *opinion),
    ):
        words = [sys.executable, "-m", "pipelines", *map(str, job), "-c", str(folder / "case")]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), "FORENSICS_KEY": str(folder / "key")},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return folder / "case"


def run_page(page: str, case: Path) -> list[str]:
    """Run the blocks of one page as one script in the case folder; return what they print."""
    script = "\n".join(fenced(DOCS / page, "sh"))
    done = subprocess.run(["sh", "-c", script], cwd=case, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


COMPLAINTS = ("DIFFERS", "NOT ", "UNKNOWN", " is not ", "differ:")


def complaints(lines: list[str]) -> list[str]:
    return [line for line in lines if any(word in line for word in COMPLAINTS) or line.startswith(("<", ">"))]


@needs_tools
def test_the_commands_of_the_verify_page_pass_a_sound_case(case: Path) -> None:
    lines = run_page("verify.md", case)
    total = len((case / "log" / "custody.jsonl").read_bytes().splitlines())
    assert complaints(lines) == []
    assert len([line for line in lines if line.startswith(f"{total} lines, last ")]) == 2
    assert f"unchanged up to line {total}" in lines
    assert any(line.startswith("confirmed by a person: ") for line in lines)


@needs_tools
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("store/*/*/v1/content/original", "DIFFERS store/"),
        ("store/*/*/v1/content/manifest.json", "NOT LOGGED store/"),
        ("store/*/*/inventory.json", "DIFFERS store/"),
        ("log/custody.jsonl", "prev DIFFERS"),
    ],
)
def test_the_commands_of_the_verify_page_find_a_changed_byte(
    case: Path, tmp_path: Path, changed: str, told: str
) -> None:
    copy = shutil.copytree(case, tmp_path / "case")
    path = sorted(copy.glob(changed))[0]
    data = bytearray(path.read_bytes())
    place = data.index(b"E-0") + 2 if b"E-0" in data else data.index(b"T") if b"T" in data else len(data) // 2
    data[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
    script = "\n".join(fenced(DOCS / "verify.md", "sh"))
    done = subprocess.run(["sh", "-c", script], cwd=copy, capture_output=True, text=True, check=False)
    assert told in done.stdout


@needs_tools
def test_the_commands_of_the_method_page_give_the_recorded_facts(case: Path) -> None:
    lines = run_page("method.md", case)
    manifest = json.loads(sorted(case.glob("store/*/*/v1/content/manifest.json"))[0].read_bytes())
    facts = manifest["predicate"]["facts"]
    for digest in (
        facts["exact"]["essence"][0]["sha256"],
        facts["exact"]["frames"]["pts_sha256"],
        facts["recipe"]["keyframes"][0]["planes_sha256"],
    ):
        computed = [line for line in lines if digest in line and line != digest and not line.startswith("[")]
        assert computed, digest
        assert digest in lines


def test_the_programs_that_exhibits_carry_are_named_by_their_digest() -> None:
    from forensics.exhibit import CARRIED, carried

    page = (DOCS / "exhibits.md").read_text("utf-8")
    for name in CARRIED:
        assert f"| `{name}` | `{hashlib.sha256(carried(name)).hexdigest()}` |" in page


def test_the_table_of_what_is_concealed_is_that_of_the_program() -> None:
    page = (DOCS / "manifest.md").read_text("utf-8")
    for row in CONCEALED:
        names = ", ".join(f"`{name}`" for name in row.names)
        assert f"| `{row.place}` | {names} | {row.what} | {row.reason} | {row.exception} |\n" in page


def test_the_tests_that_a_profile_may_name_stand_on_the_page_and_its_example_is_a_profile(tmp_path: Path) -> None:
    from pipelines.answers import EVIDENCE_TESTS
    from pipelines.audit import SHIPPED, open_profile
    from pipelines.case_answers import CASE_TESTS

    page = (DOCS / "legal.md").read_text("utf-8")
    section = page.split("## Readiness\n", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"`([a-z_]+)`", section)) >= {*EVIDENCE_TESTS, *CASE_TESTS}
    assert all(f"| `{name}` |" in section for name in SHIPPED)
    (tmp_path / "own.toml").write_text(fenced(DOCS / "legal.md", "toml")[0], "utf-8")
    assert open_profile(str(tmp_path / "own.toml")).profile.name == "our-court"
