"""Every text of every value is replaced by an attack; the page must keep its own structure, byte for byte of markup."""

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest

from forensics.model.match import Assessment, Decision
from forensics.report import CaseReport, render_case, repost_groups, visible

DIGESTS = {"query_id", "reference_id", "prev", "sha256", "item", "supersedes"}
JPEG = b"\xff\xd8\xff\xe0 a picture"

# Not shown on purpose: what another field already tells, or what only the log's own reader needs.
NOT_SHOWN = {"CustodyEvent.case", "CustodyEvent.run", "ForwardView.origin_key", "ForwardView.target_key"}

ATTACKS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "svg": "<svg/onload=alert(1)><a href='javascript:alert(1)'>x</a></svg>",
    "attribute": "\" onmouseover=alert(1) x=\"' autofocus onfocus='alert(1)",
    "end of style": "</style><script>alert(1)</script><style>",
    "end of title": "</title><meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'><title>",
    "end of pre": "</pre></bdi></main></body></html><iframe src=//127.0.0.1:1>",
    "comment": "<!-- --!> --> <![CDATA[ ]]> <?php ?>",
    "css": "}*{background:url(http://127.0.0.1:1/x)}@import '//127.0.0.1:1/y';\\3c /style\\3e \"; }",
    "jinja": "{{ 7*7 }}{% raw %}{# x #}{{ report.__class__.__mro__ }}${7*7}#{7*7}",
    "entities": "&lt;b&gt;&amp;amp;&#x202e;&nbsp;&notit;",
    "bidi": "evil\u202egpj.mp4 \u2067isolate\u2069 \u200f\u061c",
    "lines": "first\nsecond\r\nthird\u2028fourth\x0b\x0c\x85",
    "terminal": "\x1b[2J\x1b]0;title\x07\x9b31m\x00",
    "undecodable": "caf\udce9\ud800\udfff\ufffe",
    "url": "javascript:alert(1) data:text/html,<b> file:///etc/passwd https://example.org/",
    "markdown": "![x](http://127.0.0.1:1/) [y](javascript:alert(1)) `rm -rf ~`",
    "csv": '=HYPERLINK("http://127.0.0.1:1/","x")',
    "forged escape": "⟨U+202E⟩ ⟨U+0000⟩",
    "arabic": "مسيّرة فوق المدينة\nسطر ثانٍ",
}


class Filler:
    """Builds any value with an attack, and a number of its own, in every text field."""

    def __init__(self, attack):
        self.attack = attack
        self.texts = []

    def text(self, owner):
        value = f"{self.attack}#{len(self.texts)}#"
        self.texts.append((owner, value))
        return value

    def fill(self, kind, owner="", name=""):
        origin = typing.get_origin(kind)
        if origin in (types.UnionType, typing.Union):
            return self.fill(typing.get_args(kind)[0], owner, name)
        if origin is tuple:
            arguments = typing.get_args(kind)
            if arguments[-1] is Ellipsis:
                return (self.fill(arguments[0], owner, name), self.fill_second(arguments[0], owner, name))
            return tuple(self.fill(each, owner, name) for each in arguments)
        if origin is dict:
            return {self.text(owner): self.text(owner)}
        if origin is Mapping:
            return {}  # names of groups, by the stretches that follow from the rest: see `hostile_case`
        if dataclasses.is_dataclass(kind):
            return self.value(kind)
        return self.plain(kind, owner, name)

    def fill_second(self, kind, owner, name):
        """Two of each, told apart where a report wants them distinct."""
        second = self.fill(kind, owner, name)
        return dataclasses.replace(second, sha256="2" * 64) if owner == "CaseReport.evidence" else second

    def plain(self, kind, owner, name):
        if kind is str:
            return "1" * 64 if name in DIGESTS or name.endswith("_sha256") else self.text(owner)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return next(iter(kind))
        return {int: 7, float: 0.5, bool: False, bytes: JPEG}[kind]

    def value(self, kind):
        hints = typing.get_type_hints(kind)
        return kind(
            **{
                field.name: self.fill(hints[field.name], f"{kind.__name__}.{field.name}", field.name)
                for field in dataclasses.fields(kind)
            }
        )


def hostile_case(attack):
    filler = Filler(attack)
    report = filler.value(CaseReport)
    first, second = report.matches
    group = dataclasses.replace(first, match=dataclasses.replace(first.match, reference_id="2" * 64))
    scene = dataclasses.replace(
        second.match, query_id="3" * 64, decision=Decision.CANDIDATE, assessment=Assessment.SAME_SCENE
    )
    matches = (group, dataclasses.replace(second, match=scene))
    links = tuple(dataclasses.replace(each, reference_id="2" * 64) for each in report.links)
    served = tuple(dataclasses.replace(each, items=("1" * 64, "2" * 64)) for each in report.server_files)
    groups = repost_groups(report.evidence, [*(view.match for view in matches), *links])
    names = {each.stretches: filler.text("CaseReport.group_names") for each in groups}
    texts = [each for each in filler.texts if each[0] != "ServerFileView.items"]
    report = dataclasses.replace(report, matches=matches, links=links, server_files=served, group_names=names)
    return report, texts


class Skeleton(HTMLParser):
    """What a browser would act on: each tag with its attributes, but the words of alternative texts."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.structure = []
        self.words = []
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        # Words for ears, and the code on the first page, which is drawn from a digest of what the report says.
        spoken = {"alt", "aria-label", *(("d",) if ("fill", "#000") in attrs else ())}
        kept = [(name, value) for name, value in attrs if name not in spoken and "sha256-" not in (value or "")]
        self.structure.append((tag, kept))

    def handle_endtag(self, tag):
        self.structure.append(("/" + tag, []))

    def handle_comment(self, data):
        self.structure.append(("comment", [data]))

    def unknown_decl(self, data):
        self.structure.append(("declaration", [data]))

    def handle_pi(self, data):
        self.structure.append(("instruction", [data]))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def plain():
    report, _ = hostile_case("plain words")
    return Skeleton(render_case(report)).structure


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_text_adds_an_element_an_attribute_or_an_address(attack, plain):
    report, _ = hostile_case(attack)
    assert Skeleton(render_case(report)).structure == plain


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_every_text_of_every_value_can_be_read_on_the_page(attack):
    report, texts = hostile_case(attack)
    words = "".join(Skeleton(render_case(report)).words)
    lost = {
        owner for owner, text in texts if visible(text) not in words and visible(text, keep_newlines=True) not in words
    }
    assert lost == NOT_SHOWN


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_control_or_bidirectional_character_reaches_the_reader(attack):
    report, _ = hostile_case(attack)
    page = render_case(report).decode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", page)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_style_sheet_gets_nothing_but_letters_digits_and_escapes(attack):
    report, _ = hostile_case(attack)
    style = re.search("<style>(.*?)</style>", render_case(report).decode("utf-8"), re.DOTALL)[1]
    header = style[style.index("@page { @top-left") :]
    assert re.fullmatch(r'@page \{ @top-left \{ content: "([A-Za-z0-9]|\\[0-9a-f]{6} )*"; \} \}\n', header)


def test_text_beyond_any_real_length_is_cut_and_the_cut_is_told():
    report, _ = hostile_case("plain words")
    post = dataclasses.replace(report.evidence[0].appearances[0].post, caption="<b>" * 1_000_000)
    seen = dataclasses.replace(report.evidence[0].appearances[0], post=post)
    views = (dataclasses.replace(report.evidence[0], appearances=(seen,)), report.evidence[1])
    page = render_case(dataclasses.replace(report, evidence=views))
    assert b"[2980000 more characters: see the manifest]" in page
    assert len(page) < 500_000


def test_captions_and_names_keep_their_own_writing_direction():
    report, texts = hostile_case(ATTACKS["arabic"])
    page = render_case(report).decode("utf-8")
    name = next(text for owner, text in texts if owner == "EvidenceView.names")
    caption = next(text for owner, text in texts if owner == "Post.caption")
    assert f'<bdi dir="auto">{visible(name)}</bdi>' in page
    assert f'<blockquote dir="auto">{caption}</blockquote>' in page


def test_a_forgotten_filter_still_shows_nothing_that_acts_or_is_missing():
    from forensics.report.page import environment

    shown = environment().from_string("<p title='{{ text }}'>{{ text }}</p>").render(text="<b>'\u202e\x1b")
    with pytest.raises(ValueError, match="None"):
        environment().from_string("{{ text }}").render(text=None)
    assert shown == "<p title='&lt;b&gt;&#39;⟨U+202E⟩⟨U+001B⟩'>&lt;b&gt;&#39;⟨U+202E⟩⟨U+001B⟩</p>"
