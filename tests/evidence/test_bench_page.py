"""The page, the terminal tables and the Markdown of a bench's result."""

from __future__ import annotations

import doctest
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest
from rich.console import Console
from tests.evidence.bench_samples import ATTACKERS, replaced, row, sample
from tests.evidence.test_page import HOSTILE, Reader

from himaya.bench.score.result import Incident, Problem, Result, Truth
from himaya.evidence.bench_page import render_bench
from himaya.evidence.bench_table import bench_markdown, bench_tables
from himaya.evidence.plots import shares
from himaya.evidence.plots.harm import better, harm_plot, points
from himaya.evidence.plots.loss import loss_panels
from himaya.evidence.proving import matrix as matrices
from himaya.evidence.proving import sheet, words
from himaya.evidence.proving.matrix import matrix
from himaya.evidence.proving.words import bounds, defence_name, percent


class Tables(Reader):
    """Collects the cells of each table, row by row."""

    def __init__(self, page: str) -> None:
        self.tables: list[list[list[str]]] = []
        super().__init__(page)

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_data(self, text):
        super().handle_data(text)
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += text

    def under(self, page: str, title: str) -> list[list[str]]:
        """Return the rows of the table below a heading."""
        before = page[: page.index(f">{title}</h2>")]
        return self.tables[before.count("<table")]


def section(page: str, title: str) -> str:
    """Return the words of one section of a page."""
    start = page.rindex("<h2", 0, page.index(f">{title}</h2>"))
    return Reader(page[start:].partition("</section>")[0]).words()


def told(result: Result, width: int = 160) -> str:
    """Return what a terminal of this width shows, without colour."""
    console = Console(width=width, record=True, color_system=None, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    with console.file:
        for table in bench_tables(result):
            console.print(table)
        return console.export_text()


def single(**more: object) -> Result:
    """Return a result with nothing but no defence, himaya and one attacker of one seed."""
    found = sample(1)
    defences = [
        msgspec.structs.replace(
            one, attackers=one.attackers[:1], honest=[], overall=None, intensity=[]
        )
        for one in found.defences[:2]
    ]
    parts = {"defences": defences, "incidents": [], "problems": [], "tools": [], "timings": None}
    return msgspec.structs.replace(found, **{**parts, **more})


def hostile(text: str) -> Result:
    """Return a result in which every name from outside is `text`."""
    found = sample()
    defences = [
        msgspec.structs.replace(
            one,
            name=one.name if place < 2 else f"{text}{place}",
            family="" if place < 2 else text,
            setting="" if place < 2 else f"{text}{place}",
            rule=text,
            attackers=[
                msgspec.structs.replace(r, title=text, id=text if r.id == "A3" else r.id)
                for r in one.attackers
            ],
            honest=[msgspec.structs.replace(group, title=text) for group in one.honest],
        )
        for place, one in enumerate(found.defences)
    ]
    return msgspec.structs.replace(
        found,
        world=msgspec.structs.replace(
            found.world, policy=text, policy_file=text, mode=text, ids=text, graph=text
        ),
        defences=defences,
        incidents=[Incident("H1", text, text, text, text)],
        problems=[Problem(text, text, text, 3)],
        tools=[text],
    )


@pytest.mark.parametrize("module", [words, matrices, sheet, shares], ids=lambda one: one.__name__)
def test_examples_in_the_source_are_true(module):
    """The examples in the docstrings of words, matrix, sheets and axes do what they say."""
    done = doctest.testmod(module)
    assert done.failed == 0
    assert done.attempted


def test_nothing_is_loaded_from_anywhere():
    """The page has no address to load from, no script, and a policy that forbids both."""
    page = render_bench(sample())
    reader = Reader(page)
    assert [
        a for _, a in reader.elements if {"src", "srcset", "xlink:href", "style"} & set(a)
    ] == []
    assert {a["href"] for _, a in reader.elements if "href" in a} == {"#summary"}
    assert not re.search(r"url\(|@import|https?:|//", page.replace("<!doctype", ""))
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_same_result_is_the_same_page():
    """Nothing on the page, in the Markdown or on the terminal depends on the clock or on chance."""
    assert render_bench(sample()) == render_bench(sample())
    assert bench_markdown(sample()) == bench_markdown(sample())
    assert told(sample()) == told(sample())


def test_every_attacker_and_defence_is_named():
    """Each attacker, incident and setting of the result is named on the page and in the Markdown."""
    found = sample()
    page, markdown = Reader(render_bench(found)).words(), bench_markdown(found).replace("\\", "")
    for place in (page, markdown):
        for name, title, *_ in ATTACKERS:
            assert f"{name} {title}" in place
        for one in found.defences:
            assert defence_name(one) in place
            assert one.setting in place
            assert one.rule in place


def test_every_cell_of_the_matrix_is_on_the_page():
    """Every share of every attacker behind every setting stands in the matrix, with its interval."""
    found = sample()
    page = render_bench(found)
    rows = Tables(page).under(page, "Every attacker against every defence")
    table = {cells[0]: cells[1:] for cells in rows}
    for place, one in enumerate(found.defences):
        for attacker in one.attackers:
            if attacker.variant == "plain":
                cell = table[f"{attacker.id} {attacker.title}"][place]
                assert cell.startswith(percent(attacker.share_lost))
                assert bounds(attacker.ci95["share_lost"]) in cell


def test_every_cell_of_the_matrix_is_in_the_markdown():
    """Every share of every attacker behind every setting stands in the Markdown matrix, with its interval."""
    found = sample()
    part = bench_markdown(found).partition("### Every attacker")[2].partition("###")[0]
    table = {
        line.split(" | ")[0].strip("| "): line.split(" | ")[1:]
        for line in part.splitlines()
        if "|" in line
    }
    for place, one in enumerate(found.defences):
        for attacker in one.attackers:
            if attacker.variant == "plain":
                cell = table[f"{attacker.id} {attacker.title}"][place].replace("*", "")
                share = percent(attacker.share_lost).replace("<", "&lt;")
                assert f"{share} ({bounds(attacker.ci95['share_lost'])})" in cell


def test_variants_stand_beside_the_plain_attacker():
    """Informed and unlinked attackers have their own cells on the page and in the Markdown."""
    found = sample()
    page = render_bench(found)
    rows = Tables(page).under(page, "Attackers who know, attackers whom nothing links")
    assert rows[1][1:] == ["plain", "informed", "unlinked"]
    cells = next(cells for cells in rows if cells[0].startswith("A7"))
    assert [cell.partition(" %")[0] for cell in cells[1:]] == ["4.5", "4.0", "18.0"]
    assert "| A7 Ten stealth browsers | 4.5 % (2.4-7.0 %) | 4.0 % | 18.0 % |" in bench_markdown(
        found
    )


def test_a_cell_that_himaya_loses_is_shown_everywhere():
    """A rival that loses fewer people than himaya is marked, told in the summary and listed, on every output."""
    found = replaced(sample(), "fail2ban 1000 in 600 s", "A9", share_lost=0.0123, ci95={})
    page = render_bench(found)
    rows = Tables(page).under(page, "Every attacker against every defence")
    cells = next(cells for cells in rows if cells[0].startswith("A9"))
    assert cells[-1] == "1.2 %, lowest of the row"
    assert "lowest" not in cells[2]
    assert "A9 (6.1 % against 1.2 %, fail2ban 1000 in 600 s)" in Reader(page).words()
    assert "A9 Farm of 300 accounts at 80 a day 6.1 %" in section(page, "Where a rival does better")
    assert "**1.2 %**" in bench_markdown(found)
    lines = told(found, 100).partition("A9 Farm")[2].partition("A10")[0]
    assert "*1.2 %" in lines
    assert "*6.1 %" not in lines


def test_no_rival_no_comparison():
    """Without a rival nothing claims that himaya does better than one."""
    page = render_bench(single())
    assert "No rival was part of this run" in section(page, "In short")
    assert "nothing here compares himaya" in section(page, "Where a rival does better")


def test_a_tie_is_no_victory():
    """Where all lost the same nobody is marked, and the summary counts the row as equal."""
    found = sample()
    for one in found.defences:
        found = replaced(found, one.name, "A4", share_lost=0.1)
    page = render_bench(found)
    rows = Tables(page).under(page, "Every attacker against every defence")
    assert not any(
        "lowest" in cell for cells in rows if cells[0].startswith("A4") for cell in cells
    )
    assert "as many in 1 and more in" in section(page, "In short")


def test_the_summary_says_simulation_and_the_figures():
    """Three sentences say that it is a simulation, what was lost, and who of the honest people paid."""
    page = render_bench(sample())
    said = section(page, "In short")
    assert "In this simulation of 20,000 invented people over 3 days" in said
    assert "on average 82.2 % with no defence and 2.3 % of the people behind himaya" in said
    assert "himaya lost the most to A12 150 local sybils, unlinked (84.0 %)" in said
    assert (
        "the worst group is Tor and relay users (5.6 % denied, at most 8.0 % with 95 % confidence)"
        in said
    )
    assert "the group challenged most is Tor and relay users, 11.0 %" in said
    assert page.count('<div class="prose">\n<p>') == 1
    assert page.partition('<div class="prose">')[2].partition("</div>")[0].count("<p>") == 3


def test_nothing_is_called_safe_or_proven():
    """No output claims safety, proof or that somebody was not exposed."""
    for text in (Reader(render_bench(sample())).words(), bench_markdown(sample()), told(sample())):
        claims = re.findall(
            r"\b(?:safe|secure|proven|guarantee\w*|not exposed|best in)\b", text.lower()
        )
        assert claims == []


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_names_stay_text(text):
    """No title, rule, path or problem from outside becomes an element, an attribute or a script of the page."""
    plain, hit = Reader(render_bench(hostile("harmless"))), Reader(render_bench(hostile(text)))
    # How many names find room in a drawing depends on their length; everything else is the same.
    tags = [[(tag, sorted(a)) for tag, a in one.elements if tag != "text"] for one in (plain, hit)]
    assert tags[0] == tags[1]
    assert all(set(a) <= {"x", "y", "class"} for tag, a in hit.elements if tag == "text")
    assert hit.open == []


@pytest.mark.parametrize(
    "text", [*HOSTILE, "a | b\n| c |", "[x](javascript:1)", "[red]x[/red]", "[/]"]
)
def test_foreign_names_break_no_table(text):
    """No title from outside adds a cell to a Markdown table, becomes HTML in it, or is markup of the terminal."""
    plain, hit = bench_markdown(hostile("harmless")), bench_markdown(hostile(text))
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in hit.splitlines()]
    assert bars == [len(re.findall(r"(?<!\\)\|", line)) for line in plain.splitlines()]
    assert "<" not in hit
    assert "](" not in hit.replace("\\]", "")
    assert "\x1b" not in told(hostile(text))


def test_long_names_are_cut():
    """A title of a million characters does not make a page of a million characters."""
    assert len(render_bench(hostile("x" * 1_000_000))) < 600_000


def test_pictures_and_tables_are_named():
    """Every drawing has a name and a description, every table a caption and headers with a scope."""
    reader = Reader(render_bench(sample()))
    drawings = [a for tag, a in reader.elements if tag == "svg" and a.get("role") == "img"]
    assert len(drawings) == len(ATTACKERS) + 2
    assert all("%" in a["aria-label"] for a in drawings)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("caption") == tags.count("table") > 10
    scopes = {a.get("scope") for tag, a in reader.elements if tag == "th"}
    assert scopes == {"col", "colgroup", "row"}
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    named = {a["aria-labelledby"] for _, a in reader.elements if "aria-labelledby" in a}
    assert named <= set(ids)


def test_drawings_are_well_formed_and_inside():
    """Each drawing is XML, and no coordinate lies outside its picture."""
    found = matrix(sample())
    for drawing in [*loss_panels(found), harm_plot(found, 984), harm_plot(found, 380)]:
        root = ET.fromstring(str(drawing))
        width, height = float(root.get("width")), float(root.get("height"))
        for element in root.iter():
            assert 0 <= float(element.get("x") or element.get("cx") or 0) <= width
            assert 0 <= float(element.get("y") or element.get("cy") or 0) <= height
            places = (element.get("d") or "") + (element.get("points") or "")
            for x, y in re.findall(r"([\d.-]+),([\d.-]+)", places):
                assert 0 <= float(x) <= width
                assert 0 <= float(y) <= height


def test_each_attacker_has_a_panel_with_a_line_for_each_defence():
    """A panel draws no defence, himaya and the best setting of each rival, and says where each ends."""
    panels = loss_panels(matrix(sample()))
    assert len(panels) == len(ATTACKERS)
    assert all(str(panel).count('class="curve ') == 4 for panel in panels)
    assert (
        "no defence 100 %; himaya 0.40 %; nginx limit_req 5 r/s 5.0 %; fail2ban 300 in 300 s 90.0 %"
        in str(panels[0])
    )


def test_a_curve_that_was_not_written_is_drawn_from_what_is_known():
    """A row without a curve is drawn from its shares at 1, 24 and 72 hours."""
    found = single()
    bare = replaced(found, "himaya", "A1", curve=[])
    assert str(loss_panels(matrix(bare))[0]).count('class="curve ') == 2


def test_the_settings_of_a_rival_are_joined():
    """The plot of loss against harm has a mark for every setting, a curve for each rival, and himaya's own mark."""
    found = matrix(sample())
    drawing = str(harm_plot(found))
    assert drawing.count('class="dot ') == len(found.defences)
    assert drawing.count('class="curve ') == 2
    assert drawing.count('class="dot ours"') == 1
    assert [one.lost for one in points(found) if one.is_ours] == [pytest.approx(0.0225, abs=1e-3)]


def test_a_rival_that_is_better_on_both_counts_is_named():
    """The plot's words name a setting that loses less and denies less than himaya."""
    found = sample()
    assert (
        "No rival setting is, by these figures, at least as good as himaya on both counts"
        in better(matrix(found))
    )
    last = found.defences[-1]
    winner = msgspec.structs.replace(
        last,
        overall=msgspec.structs.replace(last.overall, worst_denied=0.001),
        attackers=[msgspec.structs.replace(r, share_72h=0.001) for r in last.attackers],
    )
    beaten = msgspec.structs.replace(found, defences=[*found.defences[:-1], winner])
    assert (
        "fail2ban 1000 in 600 s is, by these figures, at least as good as himaya on both counts"
        in render_bench(beaten)
    )


def test_rivals_without_a_ledger_have_a_dash_and_the_reason():
    """Where a defence keeps no ledger, the truth table shows dashes and says that it keeps no record."""
    found = sample()
    page = render_bench(found)
    rows = Tables(page).under(page, "Does the ledger name exactly the people an attacker has")
    cells = next(cells for cells in rows if cells[0] == "nginx limit_req 5 r/s")
    assert cells[1:] == ["keeps no record of who was shown to whom", *["\u2014"] * 7]
    assert "keeps no record of who was shown to whom | \u2014 |" in bench_markdown(found)


def test_the_group_of_an_operation_is_told_with_its_bystanders():
    """Beside the names of an operation stands which part of it is in one group, and how pure that group is."""
    page = render_bench(sample())
    rows = Tables(page).under(page, "Does the ledger name exactly the people an attacker has")
    cells = next(c for c in rows if c[1].startswith("A2") and "," not in c[1])
    assert cells[6:] == ["1", "100 %", "90.0 %"]


def test_an_imperfect_ledger_is_never_rounded_up():
    """A ledger that misses one person of a million is not printed as 100 %, and is in the figures above."""
    truth = Truth(1.0, 0.999999, 1.0, 0.999)
    found = replaced(sample(), "himaya", "A9", ledger=truth)
    page = render_bench(found)
    rows = Tables(page).under(page, "Does the ledger name exactly the people an attacker has")
    cells = next(
        cells for cells in rows if cells[1].startswith("A9") and cells[1].endswith("informed")
    )
    assert cells[2:6] == ["100 %", "> 99.9 %", "100 %", "99.9 %"]
    assert "lowest of all runs > 99.9 %" in section(page, "In short")
    assert "A9 Farm of 300 accounts at 80 a day, informed" in " ".join(told(found).split())


def test_honest_groups_stand_worst_first_with_upper_bounds():
    """The group that is denied most stands first, and each rate has its 95 % upper bound beside it."""
    page = render_bench(sample())
    rows = Tables(page).under(page, "Honest people behind himaya, the worst group first")
    assert rows[1][0] == "Tor and relay users"
    assert rows[-1][0] == "Everybody"
    assert all("at most" in cell for cells in rows[1:] for cell in cells[3:])
    denied = [float(cells[3].partition(" %")[0]) for cells in rows[1:-1]]
    assert denied == sorted(denied, reverse=True)


def test_harm_under_attack_is_the_saboteurs_score():
    """What the worst group goes through while the saboteur is at work has its own row."""
    said = section(render_bench(sample()), "Honest people denied while somebody attacks")
    assert "A11 Saboteur of shared budgets 16.4 %" in said


def test_price_intensity_incidents_problems_and_tools_are_there():
    """Spend per 1,000 people, the busier crowd, incidents, problems and tools are on the page and in the Markdown."""
    page, markdown = render_bench(sample()), bench_markdown(sample())
    assert "A8 App interface behind a carrier 0.25 2 0 2.2 6,250" in section(
        page, "What 1,000 people cost the attacker"
    )
    assert "himaya x4" in section(page, "When honest people are busier")
    assert "Simulation: 2.0% of the people behind himaya" in section(
        page, "Historic incidents, simulated"
    )
    assert "attackers.py:12" in section(page, "What could not be run")
    assert "curl 7.88.1, wget 1.21.3" in Reader(page).words()
    assert "sha256:5f1c0e77a2b4" in page
    for said in ("attackers.py:12", "Simulation: 2.0% of the people", "| himaya | x4 |", "6,250"):
        assert said in markdown.replace("\\", "")


def test_empty_parts_are_said_not_hidden():
    """A run of one attacker and one seed, without crowd, incidents and rivals, renders and says what is missing."""
    page, markdown = render_bench(single()), bench_markdown(single())
    for text in (Reader(page).words(), markdown):
        assert "No historic incident was part of this run." in text
        assert "The crowd was run at one intensity only." in text
        assert "No honest crowd was part of this run." in text
        assert "Everything that was asked for was run." in text
        assert "One seed was run" in text
        assert "Loss cannot be set against harm" in text or text is markdown
    assert "A1 Fast walk" in told(single())


def test_a_result_without_anything_has_a_page():
    """A result in which nothing could be run still gives a page, a Markdown and no table on the terminal."""
    nothing = single(defences=[], problems=[Problem("all", "nothing ran")])
    assert "no attacker met himaya" in Reader(render_bench(nothing)).words()
    assert "nothing ran" in bench_markdown(nothing)
    assert bench_tables(nothing) == []


def test_a_cell_that_was_not_run_is_a_dash():
    """An attacker that one defence did not meet is a dash there, is left out of the means, and is never the lowest."""
    found = sample()
    short = msgspec.structs.replace(found.defences[2], attackers=found.defences[2].attackers[1:])
    defences = [*found.defences[:2], short, *found.defences[3:]]
    page = render_bench(msgspec.structs.replace(found, defences=defences))
    cells = next(
        c
        for c in Tables(page).under(page, "Every attacker against every defence")
        if c[0].startswith("A1 ")
    )
    assert cells[3] == "\u2014 not run"
    assert "mean over A2, A3, A4" in Reader(page).words()


def test_outsiders_are_averaged_when_nobody_else_is_there():
    """Attackers from somebody's file, alone in a run, are those over which the mean is taken."""
    own = [row("mine", "My scraper", 0.5, 1.0)]
    found = single()
    defences = [msgspec.structs.replace(one, attackers=own) for one in found.defences]
    page = render_bench(msgspec.structs.replace(found, defences=defences))
    assert "an attacker of mine, each alone, obtained on average 50.0 %" in Reader(page).words()


@pytest.mark.parametrize("width", [100, 120, 160])
def test_terminal_tables_fit(width):
    """The tables fit terminals of 100 to 160 columns, and no figure is cut."""
    text = told(sample(), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for shown in ("*0.40 %", "0.21-0.62 %", "Tor and relay users", "<= 8.0 %", "80.0 %", "lowest"):
        assert shown in text
    assert "\u2026" not in text


def test_terminal_never_hides_a_rivals_better_setting():
    """A setting that is not its family's best but lost less than himaya has a figure on the terminal, starred."""
    lines = told(sample(), 160).partition("A12 150 local sybils")[2].partition("\n")[0]
    assert "*8.8 %" in lines
    assert "*21.0 %" not in lines
