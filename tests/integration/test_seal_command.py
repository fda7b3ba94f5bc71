"""seal, head, key and verify --against, through the real command line; a real ssh-agent and ssh-keygen beside it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forensics.errors import InputError
from pipelines.config import resolve
from tests.adversarial.authority import make, open_for_business
from tests.integration.conftest import ROOT, Ran, environment

Call = Callable[..., Ran]


class Operator:
    """A person with a key of their own, who calls the program."""

    def __init__(self, home: Path, **more: str) -> None:
        self.key = home / "operator_key"
        self.environment = {**environment(), "FORENSICS_KEY": str(self.key), **more}

    def __call__(self, *arguments: str | Path) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def me(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "me")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where somebody just made a case, and with it a key. Tests work on copies of both."""
    home = tmp_path_factory.mktemp("begun")
    assert Operator(home / "me")("init", home / "case", "--case-id", "S 1").code == 0
    return home


@pytest.fixture
def case(begun: Path, me: Operator, tmp_path: Path) -> Path:
    shutil.copytree(begun / "me", me.key.parent)
    return shutil.copytree(begun / "case", tmp_path / "case")


def summary(ran: Ran) -> dict[str, object]:
    """The summary, but for what no authority was asked for here, and for what was read."""
    rest = {"unstamped", "read", "unread", "seed", "all_digests"}
    return {name: value for name, value in ran.of("summary")[0].items() if name not in rest}


def failed_steps(ran: Ran) -> set[int]:
    return {check["step"] for check in ran.of("check") if check["status"] == "failed"}


def test_init_makes_a_key_outside_the_case_says_so_and_leaves_the_case_sealed(me: Operator, tmp_path: Path) -> None:
    done = me("init", tmp_path / "case", "--case-id", "S", "--json")
    assert done.code == 0
    assert "NOT encrypted" in done.err
    assert me.key.stat().st_mode & 0o777 == 0o600
    fingerprint = done.of("case")[0]["keys"][0]
    assert fingerprint in done.err
    found = subprocess.run(["ssh-keygen", "-l", "-f", me.key], capture_output=True, text=True, check=True).stdout
    assert fingerprint in found
    assert not [p for p in (tmp_path / "case").rglob("*") if p.is_file() and b"PRIVATE KEY" in p.read_bytes()]
    assert summary(me("verify", tmp_path / "case", "--json")) == {
        "type": "summary", "verified": True, "problems": 0, "skipped": 0, "unsealed": 0,
    }  # fmt: skip
    assert me("init", tmp_path / "second", "--case-id", "S").err == ""


def test_head_prints_three_lines_that_verify_takes_back(me: Operator, case: Path, tmp_path: Path) -> None:
    head = me("head", "-c", case)
    assert (head.code, head.err) == (0, "")
    origin, size, root = head.out.splitlines()
    assert (origin, size, len(root)) == ("footage-forensics/S 1", "2", 44)
    held = tmp_path / "mail.txt"
    held.write_text("".join(f"> {line}\r\n" for line in head.out.splitlines()))
    assert me("report", "-c", case).code == 0
    assert summary(me("verify", case, "--against", held, "--json"))["verified"] is True
    held.write_text(head.out.replace(root[:4], "AAAA"))
    done = me("verify", case, "--against", held, "--json")
    assert (done.code, failed_steps(done)) == (8, {14})
    held.write_text("nothing of the kind")
    assert me("verify", case, "--against", held).code == 8
    assert me("verify", case, "--against", tmp_path / "absent").code == 2


def test_every_command_that_writes_ends_sealed(me: Operator, case: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    for words in (("ingest", tmp_path / "text.mp4"), ("match",), ("replay", "--all"), ("report",)):
        before = len((case / "log/custody.jsonl").read_bytes().splitlines())
        me(*words, "-c", case)
        after = len((case / "log/custody.jsonl").read_bytes().splitlines())
        assert after > before, words
        assert (case / f"log/checkpoints/{after:09d}.ckpt.sig").is_file(), words
    assert me("seal", "-c", case, "--json").of("seal")[0]["fresh"] is False
    done = me("verify", case, "--json")
    assert (done.code, summary(done)["unsealed"]) == (0, 0)


def test_ssh_keygen_checks_head_manifest_and_change_of_keys(me: Operator, case: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    me("ingest", tmp_path / "text.mp4", "-c", case)
    head = max((case / "log/checkpoints").glob("*.ckpt"))
    manifest = next(case.glob("store/*/*/v1/content/manifest.json"))
    for document, kind in ((head, "checkpoint"), (manifest, "manifest")):
        words = ["ssh-keygen", "-Y", "verify", "-f", case / "keys/allowed_signers", "-I", "operator"]
        words += ["-n", f"{kind}@footage-forensics", "-s", f"{document}.sig", "-r", case / "keys/revoked_keys"]
        for data, code in ((document.read_bytes(), 0), (document.read_bytes() + b" ", 255)):
            assert subprocess.run(words, input=data, capture_output=True, check=False).returncode == code


def test_a_manifest_by_itself_is_checked_with_the_signature_beside_it(me: Operator, case: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    me("ingest", tmp_path / "text.mp4", "-c", case)
    manifest = shutil.copy(next(case.glob("store/*/*/v1/content/manifest.json")), tmp_path / "manifest.json")

    def outcome() -> str:
        return next(check["status"] for check in me("verify", manifest, "--json").of("check") if check["step"] == 10)

    assert outcome() == "skipped"
    signature = next(case.glob("store/*/*/v1/content/manifest.json.sig"))
    shutil.copy(signature, tmp_path)
    assert outcome() == "ok"
    (tmp_path / "manifest.json.sig").chmod(0o644)
    (tmp_path / "manifest.json.sig").write_bytes(signature.read_bytes().replace(b"A", b"B", 1))
    assert outcome() == "failed"


def test_another_operator_cannot_make_documents_until_let_in(me: Operator, case: Path, tmp_path: Path) -> None:
    other = Operator(tmp_path / "other")
    (tmp_path / "text.mp4").write_text("no video")
    refused = other("ingest", tmp_path / "text.mp4", "-c", case)
    assert (refused.code, "[case.key]" in refused.err) == (2, True)
    unsealed = other("report", "-c", case)
    assert (unsealed.code, "[case.key]" in unsealed.err) == (3, True)
    assert summary(me("verify", case, "--json"))["unsealed"] == 2
    assert other("head", "-c", case).code == 3
    assert me("key", "admit", f"{other.key}.pub", "-c", case).code == 0
    assert other("ingest", tmp_path / "text.mp4", "-c", case).code == 4
    assert me("key", "admit", f"{other.key}.pub", "-c", case).code == 8
    assert me("key", "admit", case / "case.json", "-c", case).code == 2
    assert summary(me("verify", case, "--json"))["verified"] is True


def test_rotation_is_signed_by_the_old_key_and_other_cases_follow(me: Operator, case: Path, tmp_path: Path) -> None:
    me("init", tmp_path / "second", "--case-id", "S2")
    old = me.key.read_bytes()
    done = me("key", "rotate", "-c", case, "--json")
    assert done.code == 0, done.err
    assert me.key.read_bytes() != old
    assert [path.read_bytes() for path in me.key.parent.glob("*.was-*[!b]") if path.suffix != ".pub"] == [old]
    assert me("report", "-c", case).code == 0
    refused = me("match", "-c", tmp_path / "second")
    assert refused.code == 2
    assert me("key", "rotate", "-c", tmp_path / "second").code == 0
    assert me("match", "-c", tmp_path / "second").code == 0
    for each in (case, tmp_path / "second"):
        assert summary(me("verify", each, "--json")) == {
            "type": "summary", "verified": True, "problems": 0, "skipped": 0, "unsealed": 0,
        }  # fmt: skip
    signers = (case / "keys/allowed_signers").read_text().splitlines()
    assert ["valid-before" in line for line in signers] == [True, False]


def test_a_rotation_that_was_cut_off_before_the_files_moved_goes_on(me: Operator, case: Path) -> None:
    me("key", "rotate", "-c", case)
    (former,) = [path for path in me.key.parent.glob("*.was-*") if path.suffix != ".pub"]
    for half in ("", ".pub"):
        me.key.with_name(me.key.name + half).rename(f"{me.key}.next{half}")
        former.with_name(former.name + half).rename(f"{me.key}{half}")
    assert me("report", "-c", case).code == 3
    assert me("key", "rotate", "-c", case).code == 0
    assert me("report", "-c", case).code == 0
    assert summary(me("verify", case, "--json"))["unsealed"] == 0


def test_a_revoked_key_is_listed_and_signs_no_more(me: Operator, case: Path, tmp_path: Path) -> None:
    other = Operator(tmp_path / "other")
    other("key", "init")
    me("key", "admit", f"{other.key}.pub", "-c", case)
    fingerprint = other("key", "init", "--json").of("key")[0]["key"]
    assert me("key", "revoke", "SHA256:", "-c", case).code == 2
    assert other("key", "revoke", fingerprint, "-c", case).code == 2
    assert me("key", "revoke", fingerprint[:20], "-c", case).code == 0
    assert (case / "keys/revoked_keys").read_text().split() == Path(f"{other.key}.pub").read_text().split()
    assert other("match", "-c", case).code == 2
    assert me("key", "revoke", fingerprint, "-c", case).code == 8
    assert summary(me("verify", case, "--json"))["verified"] is True


def test_a_passphrase_comes_from_the_file_that_the_environment_names(tmp_path: Path) -> None:
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse\n")
    me = Operator(tmp_path / "me", FORENSICS_PASSPHRASE_FILE=str(phrase))
    done = me("init", tmp_path / "case", "--case-id", "P")
    assert (done.code, "NOT encrypted" in done.err) == (0, False)
    assert subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", me.key], capture_output=True, check=False).returncode
    assert me("report", "-c", tmp_path / "case").code == 0
    for wrong in ("wrong", ""):
        phrase.write_text(wrong)
        refused = me("match", "-c", tmp_path / "case")
        assert (refused.code, "[input.passphrase]" in refused.err) == (2, True)
    del me.environment["FORENSICS_PASSPHRASE_FILE"]
    refused = me("match", "-c", tmp_path / "case")
    assert (refused.code, "[input.passphrase]" in refused.err) == (2, True)
    assert '"protection":"passphrase"' in (tmp_path / "case/log/custody.jsonl").read_text()


def test_a_key_that_others_may_read_is_refused(me: Operator, case: Path) -> None:
    me.key.chmod(0o644)
    refused = me("match", "-c", case)
    assert (refused.code, "chmod 600" in refused.err) == (2, True)


def test_a_case_cannot_set_the_key(me: Operator, case: Path) -> None:
    (case / "config.toml").write_text('key = "/tmp/theirs"')
    refused = me("match", "-c", case)
    assert (refused.code, "cannot set key" in refused.err) == (2, True)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    if shutil.which("ssh-agent") is None:
        pytest.skip("the real ssh-agent is asked here")
    # A socket's path is bounded to a hundred characters or so.
    path = Path("/tmp") / f"agent-{os.getpid()}"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    while not path.exists():
        assert process.poll() is None
    yield str(path)
    process.terminate()
    process.wait()


def test_a_key_that_only_the_agent_holds_signs_all_the_same(agent: str, tmp_path: Path) -> None:
    made = Operator(tmp_path / "me")
    made("key", "init")
    direct = made("init", tmp_path / "direct", "--case-id", "A")
    assert direct.code == 0
    subprocess.run(
        ["ssh-add", "-q", str(made.key)], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True, capture_output=True
    )
    made.key.unlink()
    me = Operator(tmp_path / "me", SSH_AUTH_SOCK=agent)
    done = me("init", tmp_path / "case", "--case-id", "A")
    assert done.code == 0, done.err
    assert '"protection":"agent"' in (tmp_path / "case/log/custody.jsonl").read_text()
    assert summary(me("verify", tmp_path / "case", "--json"))["verified"] is True
    subprocess.run(["ssh-add", "-q", "-D"], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True, capture_output=True)
    refused = me("match", "-c", tmp_path / "case")
    assert (refused.code, "[input.agent]" in refused.err) == (2, True)
    me.environment["SSH_AUTH_SOCK"] = str(tmp_path / "nobody")
    assert "[input.agent]" in me("match", "-c", tmp_path / "case").err


def test_a_case_without_keys_is_told_as_such_and_gets_one_with_the_first_seal(me: Operator, case: Path) -> None:
    make_old(case)
    before = me("verify", case, "--json")
    assert (before.code, summary(before)["unsealed"]) == (0, 1)
    assert [check["name"] for check in before.of("check") if check["step"] == 11] == ["keys of the case"]
    assert me("head", "-c", case).code == 2
    assert me("report", "-c", case).code == 3
    assert me("seal", "-c", case).code == 0
    after = me("verify", case, "--json")
    assert (after.code, summary(after)["unsealed"]) == (0, 0)
    events = [json.loads(line)["event"] for line in (case / "log/custody.jsonl").read_text().splitlines()]
    assert events == ["creation", "dissemination", "key change"]


def make_old(case: Path) -> None:
    """The case as versions before there were keys made it: nothing but its creation."""
    log = case / "log/custody.jsonl"
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    for path in (*(case / "log/checkpoints").iterdir(), *(case / "keys").iterdir()):
        path.unlink()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is openssl ts")
def test_a_stamp_is_pending_while_the_authority_is_away_and_fetched_later(tmp_path: Path) -> None:
    me = Operator(tmp_path / "me", XDG_CONFIG_HOME=str(tmp_path / "config"))
    case = tmp_path / "case"
    assert me("init", case, "--case-id", "T").code == 0
    authority = make(tmp_path / "tsa")
    settings = tmp_path / "config/footage-forensics/config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(authority.config().replace(":0/", ":9/"))
    away = me("report", "-c", case)
    assert (away.code, "[stamp.unreachable]" in away.err) == (3, True)
    assert me("seal", "--pending", "-c", case, "--json").of("seal")[0]["pending"] == 1
    before = me("verify", case, "--json").of("summary")[0]
    assert (before["verified"], before["unsealed"], before["unstamped"] > 0) == (True, 0, True)
    with open_for_business(authority):
        settings.write_text(authority.config())
        head = me("head", "-c", case).out
        done = me("seal", "--pending", "-c", case, "--json")
        assert (done.code, done.of("seal")[0]["stamps"], me("head", "-c", case).out) == (0, 1, head)
        assert me("report", "-c", case).code == 0
        assert authority.asked == 2
    after = me("verify", case, "--json")
    assert (after.code, after.of("summary")[0]["unstamped"]) == (0, 0)
    signature = max((case / "log/checkpoints").glob("*.sig"))
    page = (ROOT / "docs/verify.md").read_text().split("## 12. Time-stamps")[1].split("## 14.")[0]
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    told = subprocess.run(["sh", "-c", script], cwd=case, capture_output=True, text=True, check=True).stdout
    assert ("NOT STAMPED" in told, told.count("Time stamp:")) == (False, 4)
    signature.chmod(0o644)
    signature.write_bytes(signature.read_bytes() + b"\n")
    told = subprocess.run(["sh", "-c", script], cwd=case, capture_output=True, text=True, check=True).stdout
    assert told.count("NOT STAMPED") == 1


@pytest.mark.parametrize(
    "table",
    [
        'timestamp = "x"',
        "timestamp = []",
        '[[timestamp]]\nname = "a"\nurl = "http://x"',
        '[[timestamp]]\nname = "../a"\nurl = "http://x"\nroot = "r"',
        '[[timestamp]]\nname = "a"\nurl = "file:///etc/passwd"\nroot = "r"',
        '[[timestamp]]\nname = "a"\nurl = "http://x"\nroot = "r"\n' * 2,
    ],
)
def test_a_table_of_authorities_that_makes_no_sense_is_refused(table: str) -> None:
    with pytest.raises(InputError):
        resolve(flags={}, environ={}, case={}, user=tomllib.loads(table))


def test_a_case_cannot_name_an_authority(me: Operator, case: Path) -> None:
    (case / "config.toml").write_text('[[timestamp]]\nname = "a"\nurl = "http://127.0.0.1:9/"\nroot = "r"')
    refused = me("report", "-c", case)
    assert (refused.code, "cannot set timestamp" in refused.err) == (2, True)
