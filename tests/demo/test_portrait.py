"""Portraits."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from himaya.demo.people import population
from himaya.demo.portrait import portrait


def test_portraits_are_svg():
    """Every portrait is well-formed SVG without scripts, links or outside references."""
    for member in population(300):
        root = ET.fromstring(portrait(member.handle, member.look))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        names = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert names <= {"svg", "rect", "circle", "ellipse", "path", "g"}
        assert not any("href" in name for element in root.iter() for name in element.attrib)


def test_portraits_stay_the_same():
    """A handle always gets the same face, and two handles hardly ever share one."""
    members = population(300)
    faces = {portrait.__wrapped__(member.handle, member.look) for member in members}
    assert portrait(members[0].handle, members[0].look) in faces
    assert len(faces) > 290
