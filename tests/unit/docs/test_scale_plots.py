"""The plots of docs/scale.md show the points that were measured, and no others."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.benchmark.scale_plots import PICTURES, drawn, plots

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", plots())
def test_each_plot_is_drawn_from_the_points_and_shown(name: str) -> None:
    assert (PICTURES / f"{name}.svg").read_text() == drawn(plots()[name])
    assert f"pictures/{name}.svg" in (PICTURES.parent / "scale.md").read_text()


@pytest.mark.parametrize("name", plots())
def test_every_measured_point_lies_in_the_field(name: str) -> None:
    root = ElementTree.fromstring(drawn(plots()[name]))
    points = [(float(each.get("cx", "-1")), float(each.get("cy", "-1"))) for each in root.iter(f"{SVG}circle")]
    assert len(points) == sum(len(series.points) for series in plots()[name].series)
    assert all(64 <= x <= 536 and 40 <= y <= 268 for x, y in points)
