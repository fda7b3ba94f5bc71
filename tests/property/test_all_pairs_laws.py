"""A case that is matched in any number of runs, cut off anywhere, gives what one run from scratch gives."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import combinations, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.model.custody import EventType
from forensics.model.match import Assessment, Decision, Match, Method
from forensics.model.media import MediaKind
from forensics.model.notice import Notice
from pipelines import compared
from pipelines.all_pairs import AllPairs
from pipelines.compared import Known, Looked, Records, Side, inputs_of
from pipelines.engine import Serial
from pipelines.pair_search import Answer, Task
from pipelines.progress import Silent
from pipelines.volumes import Volume

METHOD = Method(name="made up", version="1", params_sha256="0" * 64)


@dataclass
class MadeUpCase:
    """A case as far as records need one: a folder and a log."""

    root: Path
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = [SimpleNamespace(event=SimpleNamespace(event=EventType.MATCHING, detail={"pairs": 1}))]
        self.log = SimpleNamespace(events=lambda: [*told, *self.events], append_many=self._append)

    def writing(self) -> nullcontext[None]:
        return nullcontext()

    def _append(self, entries: Sequence[Any]) -> None:
        self.events += [SimpleNamespace(event=each) for each in entries]


def digest(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4])


@dataclass
class MadeUpSearch:
    """Stands for the workers: what it finds follows from all that a task is ranked among, as the real one's does."""

    ids: tuple[str, ...]
    fails: frozenset[tuple[Side, int]] = frozenset()
    examined: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, task: Task) -> Answer:
        span = range(task.query) if task.side is Side.LATER else range(max(task.first, task.query + 1), task.last)
        among = [self.ids[each] for each in (*span, task.query)]
        looked, kept = [], []
        for other in span:
            fate = digest(among, self.ids[other]) % 7
            if fate > 2 or other in task.skip:
                continue
            seeds = f"{digest(among[:3], fate):x}"
            if (other, seeds) in task.kept:
                kept.append((other, seeds))
                continue
            self.examined.append((task.query, other))
            looked.append(Looked(task.query, other, seeds, self._match(task.query, other, seeds) if fate else None))
        failed = (task.side, task.query) in self.fails
        problems = (Notice(code="media.decode", message="made up"),) if failed else ()
        return Answer(left_out=digest(among) % 5 // 4, looked=tuple(looked), kept=tuple(kept), problems=problems)

    def _match(self, query: int, other: int, seeds: str) -> Match:
        score = digest(self.ids[query], self.ids[other], seeds) % 1000 / 1000
        return Match(
            query_id=self.ids[query], reference_id=self.ids[other], score=score, decision=Decision.CANDIDATE,
            assessment=Assessment.SAME_SCENE, mirrored=False, segments=(), method=METHOD,
        )  # fmt: skip


_TRACKS = tempfile.TemporaryDirectory(prefix="tracks-")


def volume(seed: int, track: int = 0) -> Volume:
    evidence = hashlib.sha256(f"evidence {seed}".encode()).hexdigest()
    data = f"track {seed} {track}".encode()
    path = Path(_TRACKS.name) / data.decode()
    if not path.exists():
        path.write_bytes(data)
    return Volume(
        id=evidence, kind=MediaKind.VIDEO, frames=9, original_path="", fingerprint_path=str(path),
        fingerprint_sha256=hashlib.sha256(data).hexdigest(), video_essence=None, container=None,
    )  # fmt: skip


@dataclass
class Matching:
    """One run over so many of the volumes."""

    case: MadeUpCase
    volumes: tuple[Volume, ...]
    procedure: str = "p"
    fails: frozenset[tuple[Side, int]] = frozenset()
    again: bool = False

    def __post_init__(self) -> None:
        self.search = MadeUpSearch(tuple(each.id for each in self.volumes), self.fails)
        records = Records(case=self.case, procedure=self.procedure, inputs=inputs_of(self.volumes))
        known = Known() if self.again else records.known()
        library = SimpleNamespace(references=self.volumes)
        run = SimpleNamespace(id="r", operator="o", surroundings=SimpleNamespace(timestamp=lambda: "t"))
        self.pairs = AllPairs(
            run=run,
            library=library,
            records=records,
            known=known,
            job=self.search,
            before=known.pairs,  # type: ignore[arg-type]
        )

    def things(self) -> Iterator[Match | Notice]:
        return self.pairs.compare(Serial(), Silent())

    def found(self) -> list[str]:
        return sorted(map(repr, self.things()))


def whole(volumes: Sequence[Volume]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return Matching(MadeUpCase(Path(folder)), tuple(volumes)).found()


ORDERS = st.permutations(range(14))
CUTS = st.lists(st.integers(1, 14), max_size=4)


def small_tiles() -> Any:
    """Blocks of four references and three queries, so that fourteen volumes make many tiles."""
    return _Small()


class _Small:
    def __enter__(self) -> None:
        from pipelines import all_pairs

        self._before = [(module, name, getattr(module, name)) for module, name in _sizes(all_pairs)]
        for (module, name, _), size in zip(self._before, (4, 4, 3, 3, 2), strict=True):
            setattr(module, name, size)

    def __exit__(self, *_: object) -> None:
        for module, name, value in self._before:
            setattr(module, name, value)


def _sizes(all_pairs: object) -> tuple[tuple[object, str], ...]:
    return (
        (all_pairs, "BLOCK"),
        (compared, "BLOCK"),
        (all_pairs, "QUERIES"),
        (compared, "QUERIES"),
        (all_pairs, "LATER_AT_ONCE"),
    )


@settings(max_examples=40, deadline=None)
@given(ORDERS, CUTS)
def test_in_any_order_and_any_batches_the_result_is_that_of_one_run(order: list[int], cuts: list[int]) -> None:
    volumes = tuple(volume(seed) for seed in order)
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        for count in sorted({*cuts, len(volumes)}):
            assert Matching(case, volumes[:count]).found() == whole(volumes[:count])


@settings(max_examples=40, deadline=None)
@given(ORDERS, st.lists(st.integers(0, 60), max_size=5))
def test_cut_off_anywhere_it_goes_on_and_gives_the_same(order: list[int], stops: list[int]) -> None:
    volumes = tuple(volume(seed) for seed in order)
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        before = 0
        for stop in stops:
            run = Matching(case, volumes)
            assert run.pairs.before >= before
            before = run.pairs.before
            list(islice(run.things(), stop))
        assert Matching(case, volumes).found() == whole(volumes)
        assert Matching(case, volumes).found() == whole(volumes)


@settings(max_examples=40, deadline=None)
@given(ORDERS, CUTS, st.integers(0, 60))
def test_all_again_and_cut_off_leaves_no_pair_twice(order: list[int], cuts: list[int], stop: int) -> None:
    volumes = tuple(volume(seed) for seed in order)
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        for count in sorted(cuts):
            Matching(case, volumes[:count]).found()
        list(islice(Matching(case, volumes, again=True).things(), stop))
        run = Matching(case, volumes)
        assert run.found() == whole(volumes)
        outcome = run.pairs.outcome()
        assert outcome.before + outcome.now == 14 * 13
        files = {path.stem for path in (case.root / "index" / "compared").iterdir()}
        assert files == run.pairs.known.records
        assert Matching(case, volumes).pairs.known.records == files


def test_records_of_another_procedure_over_the_same_evidence_stay_and_of_other_evidence_go() -> None:
    volumes = tuple(volume(seed) for seed in range(9))
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        for procedure in ("p", "q"):
            run = Matching(case, volumes, procedure=procedure)
            run.found()
            run.pairs.outcome()
        assert Matching(case, volumes).pairs.before == 9 * 8
        grown = Matching(case, (*volumes[:3], *volumes[4:]))
        grown.found()
        grown.pairs.outcome()
        files = {path.stem for path in (case.root / "index" / "compared").iterdir()}
        assert files >= grown.pairs.known.records
        assert not any(volumes[3].id.encode() in path.read_bytes() for path in (case.root / "index").rglob("*.json"))


@settings(max_examples=40, deadline=None)
@given(ORDERS, st.integers(0, 13), st.booleans())
def test_what_changed_is_compared_again(order: list[int], place: int, gone: bool) -> None:
    volumes = [volume(seed) for seed in order]
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        Matching(case, tuple(volumes)).found()
        changed = [*volumes]
        changed[place : place + 1] = [] if gone else [volume(order[place], track=1)]
        again = Matching(case, tuple(changed))
        assert again.found() == whole(changed)
        assert again.pairs.outcome().before < len(volumes) * (len(volumes) - 1)
        other = Matching(case, tuple(changed), procedure="another")
        assert other.pairs.before == 0
        assert other.found() == whole(changed)


@settings(max_examples=40, deadline=None)
@given(ORDERS, st.frozensets(st.tuples(st.sampled_from(list(Side)), st.integers(0, 13)), max_size=4))
def test_a_query_that_failed_is_asked_again_and_the_others_are_not(
    order: list[int], fails: frozenset[tuple[Side, int]]
) -> None:
    volumes = tuple(volume(seed) for seed in order)
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        first = Matching(case, volumes, fails=fails)
        told = [each for each in first.things() if isinstance(each, Notice) and each.code == "media.decode"]
        asked = {(side, query) for side, query in fails if (query if side is Side.LATER else query < 13)}
        assert bool(told) == bool(asked)
        second = Matching(case, volumes)
        second.found()
        later = {query for side, query in fails if side is Side.LATER}
        assert {query for query, other in second.search.examined if other < query} <= later
        assert Matching(case, volumes).found() == whole(volumes)


def test_five_new_ones_are_compared_with_the_old_and_the_old_not_with_one_another() -> None:
    volumes = tuple(volume(seed) for seed in range(205))
    with tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        Matching(case, volumes[:200]).found()
        run = Matching(case, volumes)
        run.found()
        outcome = run.pairs.outcome()
    assert outcome.before + outcome.now == 205 * 204
    new, old, filling = 5, 200, 200 % compared.BLOCK
    assert outcome.now == new * old + new * 4 // 2 + sum(205 - max(192, query + 1) for query in range(204))
    assert outcome.now <= (2 * new + filling) * 205


def test_what_is_cached_of_evidence_that_is_gone_goes_with_the_next_matching() -> None:
    volumes = tuple(volume(seed) for seed in range(6))
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        Matching(case, volumes).found()
        for name in ("features/v/{}.features", "learned/m/{}.bin"):
            for each in volumes:
                path = case.root / "index" / name.format(each.id)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        gone, *left = volumes
        run = Matching(case, tuple(left))
        run.found()
        run.pairs.outcome()
        files = [path for path in (case.root / "index").rglob("*") if path.is_file()]
        assert len([path for path in files if path.suffix != ".json"]) == 2 * len(left)
        assert not [path for path in files if gone.id in path.name or gone.id.encode() in path.read_bytes()]


def test_a_fingerprint_that_is_damaged_or_gone_is_told_although_nobody_reads_it(tmp_path: Path) -> None:
    volumes = tuple(volume(seed) for seed in range(300, 304))
    case = MadeUpCase(tmp_path)
    assert Matching(case, volumes).found() == whole(volumes)
    Path(volumes[1].fingerprint_path).write_bytes(b"changed")
    Path(volumes[2].fingerprint_path).unlink()
    told = [
        each for each in Matching(case, volumes).things() if isinstance(each, Notice) and "fingerprint" in each.message
    ]
    assert [each.code for each in told] == ["integrity", "integrity"]
    assert [volumes[place].id in told[place - 1].message for place in (1, 2)] == [True, True]


def test_every_pair_is_named_by_the_log_once_for_each_side() -> None:
    volumes = tuple(volume(seed) for seed in range(40))
    with small_tiles(), tempfile.TemporaryDirectory() as folder:
        case = MadeUpCase(Path(folder))
        Matching(case, volumes[:30]).found()
        Matching(case, volumes).found()
        named: dict[tuple[str, frozenset[int]], int] = {}
        for event in case.events:
            for query, other in told_by(event.event.detail):
                key = (event.event.detail["queries_are"], frozenset({query, other}))
                named[key] = named.get(key, 0) + 1
    every = {(side, frozenset(pair)) for side in ("later", "earlier") for pair in combinations(range(1, 41), 2)}
    assert named.keys() == every
    assert {count for (side, _), count in named.items() if side == "later"} == {1}


def told_by(detail: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The pairs of a line of the log, as docs/method.md says to read it."""
    for span in detail["queries"].split(", "):
        low, _, high = span.partition("-")
        for query in range(int(low), int(high or low) + 1):
            first, last = int(detail["first_reference"]), int(detail["last_reference"])
            others = range(first, query) if detail["queries_are"] == "later" else range(max(first, query + 1), last + 1)
            yield from ((query, other) for other in others)
