"""What a run comes to: the exit code, and the conclusion that says the same."""

from __future__ import annotations

from chaos.checker import Problem, Verdict
from chaos.found import BROKEN, FINDINGS, HELD, Found
from chaos.recovery import Row
from chaos.report import conclusion
from chaos.supervisor import Life
from lead_ops.trials import INTERRUPTED

MISSED = Row("redis-kill", 2, 0, 2, 0, 1.0, 7.25, 5.0)
NEVER = Row("redis-kill", 2, 0, 1, 1, None, None, 5.0)
REACHED = Row("redis-kill", 2, 0, 2, 0, 1.0, 2.0, 5.0)
NOT_MEASURED = Row("worker-kill", 2, 0, 0, 0, None, None, 8.0)


def found(
    *rows: Row, died: tuple[Life, ...] = (), undone: tuple[str, ...] = (), unanswered: int = 9
) -> Found:
    verdict = Verdict(unanswered=unanswered)
    return Found(verdict, rows=[*rows], died=[*died], undone=[*undone], drained=True)


def text(of: Found) -> str:
    return " ".join(line.strip() for line in conclusion(7, of))


def test_it_held() -> None:
    good = found(REACHED, NOT_MEASURED)
    assert good.code == HELD == 0
    assert text(good) == (
        "Nothing is lost, and each duplicate is explained. The same plan again: --seed 7"
    )


def test_a_missed_bar_is_in_the_conclusion_and_in_the_exit_code() -> None:
    bad = found(MISSED)
    assert (bad.held, bad.code) == (True, FINDINGS)
    assert FINDINGS == 3
    assert "redis-kill MISSED its bar of 5 s: 7.25 s" in text(bad)
    assert "BUT 1 recovery bar MISSED" in text(bad)
    assert "nothing came afterwards" in text(found(NEVER))


def test_a_process_that_ended_by_itself_is_a_finding() -> None:
    bad = found(died=(Life("worker1", 7, 1.0, 2.0, False, -11),))
    assert bad.code == FINDINGS
    assert "worker1 ended by itself (exit code -11)" in text(bad)
    assert "BUT not all is well" in text(bad)


def test_a_step_of_the_operator_that_was_never_done_is_a_finding() -> None:
    bad = found(undone=("resume: ordered 2 times, done 1",))
    assert bad.code == FINDINGS
    assert "resume: ordered 2 times, done 1" in text(bad)


def test_what_is_lost_weighs_more_than_a_missed_bar_and_ctrl_c_more_than_both() -> None:
    bad = found(MISSED)
    bad.verdict.lost.append(Problem("a", "id-a", "a receipt, and no lead"))
    assert (bad.code, BROKEN) == (1, 1)
    assert "IT DID NOT HOLD" in text(bad)
    assert "MISSED" in text(bad)
    bad.interrupted = True
    assert (bad.code, INTERRUPTED) == (130, 130)


def test_a_run_in_which_nothing_was_in_doubt_says_so() -> None:
    assert "too gentle" in text(found(unanswered=0))
    assert "too gentle" not in text(found())


def test_the_conclusion_fits_into_80_columns() -> None:
    assert all(len(line) <= 80 for line in conclusion(2**63 - 1, found(MISSED, unanswered=0)))
