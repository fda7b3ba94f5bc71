import pytest

from forensics.report.svg import drawn

PLAIN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10" role="img">\n'
    '<title>Track</title><g transform="translate(0 4.0)"><polyline points="1,2 3,4" fill="none" stroke="#1f4e9c"/>'
    '<text x="1" y="2" xml:space="preserve">50.1 &lt;N&gt; \u202e</text></g></svg>\n'
)


def test_a_drawing_of_shapes_and_words_is_let_in_without_its_namespace():
    assert drawn(PLAIN) == PLAIN.strip().replace(' xmlns="http://www.w3.org/2000/svg"', "").replace(
        "\u202e", "⟨U+202E⟩"
    )


@pytest.mark.parametrize(
    "attack",
    [
        "<svg><script>alert(1)</script></svg>",
        "<svg onload=alert(1)></svg>",
        '<svg><rect onclick="alert(1)"/></svg>',
        '<svg><a href="javascript:alert(1)"><text>x</text></a></svg>',
        '<svg><image href="x"/></svg>',
        '<svg><use href="#x"/></svg>',
        "<svg><style>*{background:url(x)}</style></svg>",
        '<svg><rect style="fill:url(x)"/></svg>',
        '<svg><rect fill="url(#x)"/></svg>',
        '<svg><rect fill="url&#40;x&#41;"/></svg>',
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        '<svg><animate attributeName="x"/></svg>',
        "<svg></svg><p>after</p>",
        "<svg></svg>after",
        "<svg><g></svg></g>",
        "<svg>",
        "<svg></svg></svg>",
        "<svg><!-- x --></svg>",
        "<svg><![CDATA[x]]></svg>",
        "before<svg></svg>",
        "",
    ],
)
def test_anything_more_is_shown_as_the_text_that_it_is(attack):
    shown = drawn(attack)
    assert shown.startswith('<bdi dir="auto">')
    assert "<" not in shown.removeprefix('<bdi dir="auto">').removesuffix("</bdi>")
