"""Names of groups: they stay when copies are added, and a merging says so."""

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.matching import name_groups
from forensics.model.match import Decision
from tests.unit.matching.footage_case import grouped, match


def named(items, matches):
    """Members of each group, as a text, to (its name, merged names)."""
    groups = grouped(items, matches)
    names = name_groups(groups, matches, items, str)
    return {"".join(sorted(g.items)): (n.id, n.merged) for g, n in zip(groups, names, strict=True)}


def test_a_group_is_named_by_its_earliest_file():
    assert named("abc", [match("c", "a"), match("b", "a")]) == {"abc": ("footage:a", ())}


def test_a_candidate_makes_no_group():
    assert named("ab", [match("b", "a", decision=Decision.CANDIDATE)]) == {}


def test_adding_copies_keeps_the_name_also_when_an_older_single_file_joins():
    matches = [match("c", "b")]
    assert named("abc", matches) == {"bc": ("footage:b", ())}
    matches += [match("d", "a"), match("d", "b"), match("d", "c")]
    assert named("abcd", matches) == {"abcd": ("footage:b", ())}


def test_a_file_that_joins_two_groups_keeps_the_older_name_and_says_which_was_merged():
    matches = [match("b", "a"), match("d", "c")]
    assert named("abcd", matches) == {"ab": ("footage:a", ()), "cd": ("footage:c", ())}
    matches += [match("e", "a"), match("e", "c")]
    assert named("abcde", matches) == {"abcde": ("footage:a", ("footage:c",))}


def test_the_older_group_is_the_one_that_was_first_a_group():
    matches = [match("c", "b"), match("d", "a")]
    assert named("abcd", matches) == {"bc": ("footage:b", ()), "ad": ("footage:a", ())}
    matches += [match("e", "a"), match("e", "b")]
    assert named("abcde", matches) == {"abcde": ("footage:b", ("footage:a",))}


def test_two_clips_of_one_compilation_have_names_of_their_own_that_stay():
    matches = [match("b", "a", (0, 10, 0, 10)), match("c", "a", (0, 10, 20, 30))]
    assert named("abc", matches) == {"ab": ("footage:a", ()), "ac": ("footage:a+c", ())}
    matches += [match("d", "a", (0, 10, 20, 30)), match("d", "c")]
    assert named("abcd", matches) == {"ab": ("footage:a", ()), "acd": ("footage:a+c", ())}


def test_a_file_that_bridges_two_stretches_of_a_compilation_merges_their_groups():
    matches = [match("b", "a", (0, 10, 0, 10)), match("c", "a", (0, 10, 20, 30)), match("d", "a", (0, 30, 0, 30))]
    assert named("abcd", matches) == {"abcd": ("footage:a", ("footage:a+c",))}


def test_separate_stretches_of_the_same_two_files_are_counted():
    groups = grouped("ab", [match("b", "a", (0, 5, 10, 15), (9, 14, 40, 45))])
    names = name_groups(groups, [match("b", "a", (0, 5, 10, 15), (9, 14, 40, 45))], "ab", str)
    assert sorted(name.id for name in names) == ["footage:a", "footage:a+b"]


LETTERS = "abcdefgh"
STARTS = st.sampled_from((0, 10, 20))


@st.composite
def some_matches(draw):
    pairs = draw(st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS), STARTS, STARTS), max_size=14))
    unique = {frozenset((q, r)): (q, r, a, b) for q, r, a, b in pairs if q != r}
    return [match(q, r, (a, a + 9, b, b + 9)) for q, r, a, b in unique.values()]


@settings(max_examples=150, deadline=None)
@given(some_matches(), st.permutations(range(14)), st.permutations(LETTERS))
def test_neither_the_order_of_matches_nor_of_ingestion_changes_the_partition(matches, shuffle, order):
    shuffled = [matches[place] for place in shuffle if place < len(matches)]
    assert {(g.items, g.stretches) for g in grouped(LETTERS, matches)} == {
        (g.items, g.stretches) for g in grouped("".join(order), shuffled)
    }
    assert sorted(named(LETTERS, matches).values()) == sorted(named(LETTERS, shuffled).values())


@settings(max_examples=150, deadline=None)
@given(some_matches(), st.integers(2, 8))
def test_names_are_never_lost_by_later_files_and_never_given_twice(matches, count):
    early = LETTERS[:count]
    before = named(early, [m for m in matches if m.query_id in early and m.reference_id in early])
    groups = grouped(LETTERS, matches)
    after = name_groups(groups, matches, LETTERS, str)
    known = [name for each in after for name in (each.id, *each.merged)]
    assert len(set(known)) == len(known)
    assert {name for each in before.values() for name in (each[0], *each[1])} <= set(known)
