"""A person states what another program printed: parsing, comparing, logging. On a case without video."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import InputError
from pipelines.attest import Statement, attest, commands_for, digest_printed, digest_typed
from pipelines.case import open_case
from pipelines.named_checks import checks_of, with_name
from pipelines.persons import names
from tests.adversarial.sealed_case import COLLEAGUE, SealedCase, fired

A, B = "a1" * 32, "b2" * 32
PATH = f"case/store/b2/{B}/v1/content/original"
"""A path of the store holds the digest that is expected: no form of output may read it from there."""

FORMS = {
    "sha256sum": f"{A}  {PATH}\n",
    "sha256sum, binary": f"{A} *{PATH}\n",
    "sha256sum, odd name": f"\\{A}  a\\nb {B}\n",
    "sha256sum --tag": f"SHA256 ({PATH}) = {A}\n",
    "openssl": f"SHA2-256({PATH})= {A}\n",
    "openssl 1": f"SHA256({PATH})= {A}\n",
    "hashdeep": f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /x\n## $ hashdeep {PATH}\n##\n"
    f"5,{'0' * 32},{A},{PATH}\n",
    "certutil": f"SHA256 hash of {PATH}:\r\n{A}\r\nCertUtil: -hashfile command completed successfully.\r\n",
    "certutil, old": f"SHA256 hash of file x:\r\n{' '.join(['a1'] * 32)}\r\nCertUtil: done.\r\n",
    "Get-FileHash": f"\r\nAlgorithm Hash Path\r\n--------- ---- ----\r\nSHA256    {A.upper()} {PATH}\r\n",
    "the digest alone": A,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_digest_of_each_known_form_is_read_and_never_that_of_the_path(
    form: str, encoding: str, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text(FORMS[form], encoding, newline="")
    assert digest_printed(tmp_path / "out")[0] == A


@pytest.mark.parametrize(
    "text",
    ["", PATH, f"sha256sum: {PATH}: No such file", f"{A}  x\n{B}  y\n", A[:-1], f"the digest is {A}", "x" * 70_000],
)
def test_output_without_one_digest_in_a_known_form_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text(text)
    with pytest.raises(InputError):
        digest_printed(tmp_path / "out")


@pytest.mark.parametrize("text", ["", A[:12], A + "0", "z" * 64, B[:63] + "\u0660"])
def test_a_part_of_a_digest_is_none(text: str) -> None:
    with pytest.raises(InputError):
        digest_typed(text)


def test_a_digest_may_be_pasted_in_capitals_and_with_gaps() -> None:
    assert digest_typed(" A1" * 32 + "\n") == A


@pytest.mark.parametrize("name", ["sha256sum", "shasum", "openssl"])
def test_the_printed_command_lines_give_output_that_is_understood(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not on this machine")
    made = SealedCase(tmp_path / "it's a case")
    made.make()
    lines = dict(commands_for(open_case(made.root), made.first))
    done = subprocess.run(["sh", "-c", lines[name]], capture_output=True, check=True)
    (tmp_path / "out").write_bytes(done.stdout)
    assert digest_printed(tmp_path / "out")[0] == made.first


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SealedCase:
    case = SealedCase(tmp_path_factory.mktemp("checked") / "case")
    case.make()
    return case


def said(case: SealedCase, **changed: str | None) -> Statement:
    known = Statement(
        person="Examiner 2", program="sha256sum", version="9.1", day=None, digest=case.first, output_sha256=None
    )
    return replace(known, **changed)


def test_an_equal_digest_is_logged_with_person_program_day_and_key(made: SealedCase) -> None:
    check = attest(open_case(made.root), made.run, made.first, said(made))
    assert checks_of(open_case(made.root), made.first)[-1] == check
    assert "Examiner 2" not in made.lines()[-1].decode()
    check = with_name(check, names(open_case(made.root)))
    assert (check.equal, check.person, check.program, check.version) == (True, "Examiner 2", "sha256sum", "9.1")
    assert check.date == made.run.surroundings.timestamp()[:10]
    assert (check.key, check.ingestion_key) == (made.signer.key.fingerprint,) * 2
    assert check.same_key
    assert checks_of(open_case(made.root), made.third) == ()
    made.seal()
    assert fired(made) == set()


def test_a_digest_that_differs_is_logged_too(made: SealedCase) -> None:
    check = attest(open_case(made.root), made.run, made.second, said(made))
    assert (check.equal, check.digest) == (False, made.first)
    assert "DIFFERS" in check.in_words()
    assert '"result":"differs"' in made.lines()[-1].decode()


def test_the_other_algorithm_of_the_manifest_is_compared_as_well(made: SealedCase) -> None:
    original = next(each for each in open_case(made.root).manifest(made.third).subjects if each.name == "original")
    check = attest(open_case(made.root), made.run, made.third, said(made, digest=original.sha512))
    assert (check.equal, check.algorithm) == (True, "sha512")


def test_another_key_than_that_of_the_ingestion_is_told(made: SealedCase) -> None:
    run = replace(made.run, signer=COLLEAGUE)
    check = attest(open_case(made.root), run, made.first, said(made))
    assert not check.same_key
    assert "by another key" in check.in_words()


def test_a_line_that_says_equal_of_another_digest_is_not_believed(made: SealedCase) -> None:
    event = made.run.surroundings.timestamp()
    detail = {"by": "X", "program": "p", "digest": B, "result": "equal"}
    made.log.append("fixity check", time=event, run="r", operator="o", item=made.first, detail=detail)
    assert not checks_of(open_case(made.root), made.first)[-1].equal


@pytest.mark.parametrize(
    "wrong",
    [
        {"program": "forensics"},
        {"program": "/usr/bin/forensics verify"},
        {"program": "python -m pipelines verify"},
        {"program": "Forensics.EXE"},
        {"program": " "},
        {"person": " "},
        {"person": "A\nB"},
        {"person": "x" * 201},
        {"day": "yesterday"},
        {"day": "1999-01-01"},
        {"day": "2999-01-01"},
        {"version": "\x1b[2J"},
    ],
)
def test_what_cannot_be_so_is_refused_and_nothing_is_logged(made: SealedCase, wrong: dict[str, str]) -> None:
    log = made.lines()
    with pytest.raises(InputError):
        attest(open_case(made.root), made.run, made.first, said(made, **wrong))
    assert made.lines() == log
