"""What the benchmark makes of its figures: medians, bars and tables."""

from __future__ import annotations

import re

import pytest
from bench.bars import Bar, bars, ratios
from bench.contenders import NAMES, Contender, Pool, Work
from bench.figures import Figures, Spread
from bench.measuring import Case
from bench.panels import PANELS, drawn
from bench.rounds import FULL, QUICK, SMOKE, takes_part
from bench.tables import heading, number, report, short


def figures(**values: float) -> Figures:
    """Of one round at two processes and no latency; `_` in a name stands for `-`."""
    found = Figures()
    for name, value in values.items():
        found.add(name.replace("_", "-"), "deliver 2p 0ms bound", value)
    return found


def verdicts(found: Figures) -> dict[str, bool]:
    return {bar.words: bar.reached for bar in bars(found)}


def contender(name: str, pool: Pool) -> Contender:
    return Contender(name, "", pool, ("worker", "{in_flight}", "{redis}"), ("producer",), 700)


def test_a_measure_is_the_median_of_its_rounds_with_the_least_and_the_most() -> None:
    found = Figures()
    for value in (3.0, 1.0, 2.0):
        found.add("ours", "enqueue single", value)
    assert found.of("ours", "enqueue single") == Spread(2.0, 1.0, 3.0)
    assert found.of("ours", "enqueue bulk") is None


def test_a_peer_counts_by_the_better_of_bound_and_free_and_ours_as_the_readme_has_it() -> None:
    found = figures(ours=2000, dramatiq=500)
    found.add("ours", "deliver 2p 0ms free", 3000)
    found.add("dramatiq", "deliver 2p 0ms free", 900)
    assert [each and each.middle for each in (found.delivered("ours", 2, 0),)] == [2000]
    assert found.delivered("dramatiq", 2, 0) == Spread(900, 900, 900)


def test_of_celerys_pools_the_better_one_is_the_bar() -> None:
    bar = "delivered, 2 processes, x stock Celery with requests.post"
    assert verdicts(figures(ours=5000, celery=400, celery_threads=1000)) == {bar: True}
    assert verdicts(figures(ours=5000, celery=400, celery_threads=1001)) == {bar: False}


def test_beside_stock_celery_is_told_what_celery_with_a_session_does_and_that_it_is_no_bar() -> (
    None
):
    found = figures(ours=5000, celery=500, celery_session=1000, celery_both=2000)
    words = "delivered, 2 processes, x the better Celery with a session"
    assert ratios(found) == {words: 2.5}
    assert words not in verdicts(found)
    line = next(line for line in report(found, FULL) if words in line)
    assert re.fullmatch(r"no bar .* 2\.50", line)
    assert ratios(figures(ours=5000, celery=500)) == {}


def test_a_smoke_run_is_not_judged() -> None:
    found = figures(ours=5000, celery=500, celery_both=2000)
    assert any(line.startswith("reached") for line in report(found, QUICK))
    assert not any(re.match("reached|MISSED|no bar", line) for line in report(found, SMOKE))


def test_what_the_figures_are_of_has_at_most_80_columns() -> None:
    lines = heading({"contenders": ", ".join(NAMES), "python": "3.13.1"})
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("contenders: ours, celery, celery-threads")
    assert lines[1].startswith("  ")
    assert lines[-1] == "python: 3.13.1"


def test_only_panels_of_which_there_is_anything_are_drawn() -> None:
    found = figures(ours=5000, dramatiq=1000)
    found.add("ours", "deliver 2p 0ms free", 9000)
    found.add("dramatiq", "deliver 2p 0ms free", 1200)
    assert [(panel.title, rows) for panel, rows in drawn(found.values)] == [
        ("Delivered a second, API at 0 ms", [("ours", [5000]), ("dramatiq", [1200])])
    ]
    assert drawn({}) == []


def test_a_panel_says_which_end_is_good() -> None:
    less = {panel.title for panel in PANELS if panel.better.startswith("less is better")}
    assert less == {"Enqueue to arrival, p99, ms", "Workers' CPU, ms a lead"}
    assert all(panel.better for panel in PANELS)


def test_a_bar_that_nothing_was_measured_for_is_not_judged() -> None:
    assert bars(Figures()) == []
    assert bars(figures(ours=5000)) == []


@pytest.mark.parametrize(
    ("found", "at_most", "reached"),
    [(10.0, True, True), (10.1, True, False), (10.0, False, True), (9.9, False, False)],
)
def test_a_bar_is_reached_at_its_limit(found: float, at_most: bool, reached: bool) -> None:
    assert Bar("", 10.0, found, at_most).reached is reached


def test_128_in_flight_at_100_ms_are_held_against_1280_a_second() -> None:
    found = Figures()
    found.add("ours", "deliver 2p 100ms bound", 1152)
    assert [(bar.found, bar.reached) for bar in bars(found)] == [(0.9, True)]


def test_the_tables_have_at_most_80_columns_and_the_spread_beside_the_median() -> None:
    found = Figures()
    for name in NAMES:
        for case in FULL.cases:
            for measure, value in (("deliver", 10_000.0), ("cpu", 11.5), ("memory", 1234.5)):
                found.add(name, f"{measure} {case.name}", value)
                found.add(name, f"{measure} {case.name}", value * 2)
        for measure in ("enqueue single", "enqueue bulk", "arrive p50", "arrive p99"):
            found.add(name, measure, 101_000)
            found.add(name, measure, 103_000)
        found.add(name, "redis bytes", 700)
    for waiting in ("few", "many"):
        found.add("ours", f"backlog {waiting}", 2500.0)
    lines = report(found, FULL)
    assert len(bars(found)) == 15
    assert all(re.match(r"(reached|MISSED) .* \d", line) for line in lines[-30::2])
    assert max(map(len, lines)) <= 80
    assert any("101-103k" in line for line in lines)
    assert any(line.startswith("celery-threads ") and "15,000" in line for line in lines)


@pytest.mark.parametrize(
    ("value", "words"),
    [(123_456, "123k"), (2_600, "2.6k"), (700, "700"), (12, "12"), (1.23, "1.2")],
)
def test_a_short_number_has_four_characters_at_the_most(value: float, words: str) -> None:
    assert short(value) == words


def test_a_number_has_three_digits() -> None:
    assert [number(each) for each in (1234.5, 12.34, 1.234)] == ["1,234", "12.3", "1.23"]


def test_one_worker_that_forks_stays_on_its_core() -> None:
    forks, threads = contender("x", Pool.CHILDREN), contender("y", Pool.THREADS)
    free = Case(1, 0, bound=False)
    assert (takes_part(forks, free), takes_part(threads, free)) == (False, True)
    assert takes_part(forks, Case(2, 0, bound=False))
    assert not takes_part(contender("rq", Pool.CHILDREN), Case(2, 100))
    assert takes_part(contender("rq", Pool.CHILDREN), Case(2, 0))


def test_all_have_as_many_requests_in_flight_and_are_given_what_takes_as_long() -> None:
    some = contender("x", Pool.THREADS)
    assert [some.in_flight(latency) for latency in (0, 20, 100)] == [16, 64, 64]
    assert some.guess_per_second(2, 0) == 1400
    assert some.guess_per_second(1, 100) == 640
    assert some.command(Work(0, 16, "redis://x")) == ["worker", "16", "redis://x"]


def test_the_quick_run_has_cases_of_the_full_one() -> None:
    assert {*QUICK.cases} <= {*FULL.cases}
