"""Names, objects and exports that an enemy puts into a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.model.provenance import Found, Passed
from forensics.sources import discover


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 47 names and 15 objects of the hostile set, made by its own program."""
    shared = Path(__file__).resolve().parents[3] / "shared" / "hostile"
    if not shared.is_dir():
        pytest.skip("the folder ../shared with real material is absent")
    root = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, str(shared / "materialize.py"), str(root), str(shared / "gray.mp4")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return root


def test_every_name_is_found_as_it_is_and_no_object_is_opened(hostile: Path) -> None:
    manifest = json.loads((hostile / "fs_manifest.json").read_text())
    names = {os.fsdecode(bytes.fromhex(one["raw_hex"])) for one in manifest.values() if "raw_hex" in one}
    met = list(discover([str(hostile / "names")]))
    assert all(isinstance(one, Found) for one in met)
    assert {os.path.basename(one.path) for one in met} == names
    assert len(names) == 47
    objects = {os.path.basename(one.path): one for one in discover([str(hostile / "objects")])}
    for name, one in manifest.items():
        if one["expect"] == "skip" and name != "objects/dir.mp4":
            passed = objects[os.path.basename(name)]
            assert isinstance(passed, Passed)
            assert passed.failed
    deep = [one for one in objects.values() if os.path.basename(one.path) == "deep.mp4"]
    assert [(one.code, one.failed) for one in deep if isinstance(one, Passed)] == [("input.path_too_long", True)]


def test_each_name_given_by_itself_is_found(hostile: Path) -> None:
    folder = os.fsencode(hostile / "names")
    paths = [os.fsdecode(os.path.join(folder, name)) for name in os.listdir(folder)]
    assert [one.path for one in discover(paths)] == paths


def test_nothing_outside_is_opened(hostile: Path, tmp_path: Path) -> None:
    """The audit hook of a fresh interpreter sees every name that is opened (PEP 578)."""
    export = {"name": "c", "type": "public_channel", "id": 1, "messages": [
        {"id": n, "file": path} for n, path in enumerate(
            ("../canary.mp4", str(tmp_path / "canary.mp4"), "v/../../canary.mp4", "link.mp4", "folder/canary.mp4")
        )
    ]}  # fmt: skip
    (tmp_path / "export").mkdir()
    (tmp_path / "canary.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom")
    (tmp_path / "export" / "result.json").write_text(json.dumps(export))
    (tmp_path / "export" / "link.mp4").symlink_to(tmp_path / "canary.mp4")
    (tmp_path / "export" / "folder").symlink_to(tmp_path)
    program = (
        "import sys\n"
        "from forensics.sources import discover\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(args[0]) if event == 'open' else None)\n"
        "found = [one for one in discover(sys.argv[1:])]\n"
        "assert len(found) > 10, found\n"
        "bad = [name for name in opened if 'canary' in str(name) or str(name) in ('zero_node.mp4', 'fifo.mp4')]\n"
        "assert opened and not bad, bad\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(hostile / "objects"), str(tmp_path / "export")],
        capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("tg_bigint.json", {"input.export_invalid"}),
        ("tg_trunc.json", {"telegram.export_cut"}),
        ("tg_traversal.json", {"telegram.path_refused"}),
        ("tg_1m_messages_same_file.json", {"telegram.file_missing"}),
    ],
)
def test_hostile_exports_fail_with_their_reason(shared: Path, name: str, codes: set[str]) -> None:
    met = list(discover([str(shared / "hostile" / name)]))
    assert {one.code for one in met if isinstance(one, Passed)} == codes
    assert all(one.failed for one in met if isinstance(one, Passed))
    kept = [one.path for one in met if isinstance(one, Found)]
    assert kept == (
        [str(shared / "hostile" / name)] if codes <= {"input.export_invalid", "telegram.export_cut"} else []
    )


def test_twenty_thousand_posts_of_one_file_are_twenty_thousand_appearances(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes((shared / "hostile" / "tg_1m_messages_same_file.json").read_bytes())
    (tmp_path / "a.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom")
    met = list(discover([str(tmp_path)]))
    assert len(met) == 20_000
    assert len({one.appearance.post for one in met if isinstance(one, Found)}) == 20_000


@pytest.mark.parametrize("name", ["tg_nan_inf.json", "tg_lone_surrogate.json"])
def test_hostile_json_as_an_export_folder_never_raises(shared: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "result.json").write_bytes((shared / "hostile" / name).read_bytes())
    met = list(discover([str(tmp_path)]))
    assert any(isinstance(one, Passed) and one.failed for one in met)


def test_the_synthetic_exports_are_read_as_expected(shared: Path) -> None:
    synth = shared / "samples" / "tdesktop_synth"
    expected = json.loads((synth / "hostile_paths" / "expected.json").read_text())
    met = list(discover([str(synth / "hostile_paths")]))
    posts = {int(one.appearance.post.message_id) for one in met if isinstance(one, Found) and one.appearance.post}
    assert posts == set(expected["allowed"])
    refused = [one for one in met if isinstance(one, Passed) and one.failed]
    assert len(refused) == len(expected["refused"])
    mended = [one.message for one in discover([str(synth / "invalid_json")]) if "repaired" in getattr(one, "code", "")]
    assert [message.partition("it: ")[2] for message in mended] == [
        "bare_document_id mended 1 times before reading",
        "hex_escape mended 2 times before reading",
        "u2028_stray_bytes mended 2 times before reading",
    ]
