"""Publish a form of 60 questions: from the bytes of its ``.xlsx`` to tables that take answers; beside pyxform compiling it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from pyxform.xls2xform import convert  # type: ignore[import-untyped]

from benchmarks.result import Progress, Result, Size, seconds
from data import migrate
from data.cluster import Cluster
from data.database import connect
from forms.xlsform.compiling import import_form
from forms.xlsform.exporting import export_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Group, Node, Question
from forms.xlsform.publishing import publish

BAR = "60 questions from .xlsx to ready under 3 s"
RUNS = 7


def run(_: Size, progress: Progress) -> Result:
    """Publishes the form under several ids into a database of its own; the median and the slowest count."""
    progress("composing", 0.1)
    files = [export_form(compose(number)) for number in range(RUNS)]
    with database() as url, connect(url) as connection:
        times = []
        for number, content in enumerate(files):
            progress("publishing", 0.3 + 0.5 * number / RUNS)
            start = perf_counter()
            publish(connection, import_form(content))
            connection.commit()
            times.append(perf_counter() - start)
    progress("pyxform alone", 0.9)
    alone_s = seconds(lambda: convert(files[0], validate=False))
    ours = {"publish_s": median(times), "slowest_s": max(times), "questions": 60.0}
    peer = {"compile_s": alone_s, "ratio": alone_s / median(times)}
    return Result("publish", BAR, max(times) < 3.0, ours, {"pyxform, compiling alone": peer})


@contextmanager
def database() -> Iterator[str]:
    """A migrated database in a cluster of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="needle-bench-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    try:
        cluster.start()
        url = cluster.create_database("forms")
        migrate.upgrade(url)
        yield url
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


KINDS = ("text", "integer", "decimal", "date", "geopoint", "select_one", "select_multiple", "dateTime", "image", "time")


def compose(number: int) -> FormDefinition:
    """A household form: 60 questions of ten types in two languages, with logic, in groups and a repeat."""
    questions = [question(n) for n in range(60)]
    household: tuple[Node, ...] = tuple(questions[:40])
    person = Group("person", text("人员", "Person"), kind="repeat", children=tuple(questions[40:]))
    choices = tuple(Choice(f"c{n}", text(f"选项 {n}", f"Choice {n}")) for n in range(12))
    return FormDefinition(
        f"household_{number}",
        "入户登记",
        "1",
        languages=("中文 (zh)", "English (en)"),
        children=(Group("home", text("住户", "Household"), children=household), person),
        lists=(ChoiceList("list", choices),),
    )


def question(number: int) -> Question:
    """One of them; every third hangs on the one before."""
    kind = KINDS[number % len(KINDS)]
    return Question(
        name=f"q{number}",
        labels=text(f"第 {number} 题", f"Question {number}"),
        hints=text("请如实填写", "As it is"),
        type=kind,
        list_name="list" if kind.startswith("select") else "",
        required="yes" if number % 4 == 0 else "",
        relevant=f"${{q{number - 1}}} != ''" if number % 3 == 2 else "",
        constraint=". >= 0 and . <= 1000" if kind == "integer" else "",
    )


def text(zh: str, en: str) -> tuple[tuple[str, str], ...]:
    """A text in both languages."""
    return (("中文 (zh)", zh), ("English (en)", en))
