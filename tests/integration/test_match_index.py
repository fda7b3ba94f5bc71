"""What a matching searched: said on stdout, in the log and in the report; a damaged index is made again."""

from __future__ import annotations

import hashlib
import json
import shutil


def last_run(case) -> dict[str, object]:
    events = [json.loads(line) for line in (case / "log/custody.jsonl").read_text().splitlines()]
    return [each["detail"] for each in events if each["event"] == "matching" and "exhaustive" in each["detail"]][-1]


def test_every_matching_says_what_it_searched_and_a_damaged_index_is_made_again(
    forensics, ingested, clips, tmp_path
) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    folder = case / "index/segments"
    first = forensics("match", "-c", case, "--json").of("summary")[0]["search"]
    files = sorted(folder.iterdir())
    assert [path.stem for path in files] == first["segments"] != []
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in files] == first["segments"]
    lines = "".join(f"{digest}\n" for digest in first["segments"])
    assert first["segments_sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert (first["exhaustive"], first["hash_radius"], first["segments_remade"]) == ("yes", 64, 0)
    assert first["hashes"] > first["hub_hashes"] >= 0
    assert first["features"] > 0
    logged = last_run(case)
    assert {**first, "segments": len(files)}.items() <= logged.items()
    assert "pairs" in logged

    data = bytearray(files[0].read_bytes())
    data[-1] ^= 1
    files[0].unlink()
    files[0].write_bytes(data)
    assert "is not whole" in " ".join(forensics("doctor", "-c", case).out.split())
    done = forensics("match", clips / "first.mp4", "-c", case, "--json")
    again = done.of("summary")[0]["search"]
    assert again == {**first, "segments_remade": 1}
    assert any(line["assessment"] == "identical_file" for line in done.of("match"))
    assert last_run(case)["segments_remade"] == 1
    assert "queries" in last_run(case)

    assert "as the tracks give them" in " ".join(forensics("doctor", "-c", case).out.split())

    forensics("report", "-c", case, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "The search of the last matching was exhaustive: yes." in page
    assert str(first["segments_sha256"]) in page


def test_a_match_is_the_same_from_the_catalog_and_verify_and_doctor_are_content(
    forensics, ingested, clips, tmp_path
) -> None:
    case = shutil.copytree(ingested, tmp_path / "case", symlinks=True)
    answers = [
        forensics("match", clips / "copy.mp4", "-c", case, "--json", "--catalog", where).lines
        for where in ("off", "local")
    ]
    assert answers[0] == answers[1]
    assert list((case / "index").glob("catalog-*.sqlite"))
    assert b"catalog" not in (case / "log/custody.jsonl").read_bytes()
    assert forensics("verify", case, "-q").code == 0


def test_evidence_that_left_the_store_is_told_and_what_was_found_of_it_stands(forensics, matched, tmp_path) -> None:
    case = shutil.copytree(matched, tmp_path / "case", symlinks=True)
    before = len(list((case / "findings").glob("*.json")))
    evidence = json.loads(forensics("show", "E-0001", "-c", case, "--json").out)["id"]
    shutil.rmtree(case / "store" / evidence[:2] / evidence)
    done = forensics("match", "-c", case, "--json")
    assert [line["code"] for line in done.of("not_compared")] == ["match.not_in_store"]
    assert (done.code, before) == (3, len(list((case / "findings").glob("*.json"))))
    assert b"withdrawn" not in (case / "log/custody.jsonl").read_bytes()
