"""``needle rules suggest``: what words may be about, and how often the suggestions would have been right."""

import asyncio
import re
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.cluster import ensure_database
from data.settings import get_settings
from dispatch.suggest_accuracy import FOLDS, Accuracy, cross_validate
from dispatch.suggester import Suggester
from geo.errors import NeedleError
from geo.files import read_table

LIMIT = 5


def suggest(
    words: Annotated[str | None, typer.Argument(help="Words of a reporter, or a table of labelled messages.")] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Column with words; several are read one after another.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Column with what each message is: prints how often it is foretold.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Learn from all folds but one, foretell that one.")] = FOLDS,
) -> None:
    """Suggest matters for words, by the city's catalogue and cases; or measure the model on labelled messages."""
    console = Console()
    if words is None:
        raise NeedleError("suggest.what")
    if labels is None:
        show_matters(words, console)
        return
    table = read_table(Path(words))
    missing = [name for name in (labels, *(text or [])) if name not in table]
    if missing or not text:
        raise NeedleError(
            "suggest.columns", missing=", ".join(missing) or "--text", known=", ".join(map(str, table.columns))
        )
    with console.status("交叉验证 cross-validating"):
        accuracy = measure(table, text, labels, folds)
    show_accuracy(accuracy, folds, console)


def show_matters(words: str, console: Console) -> None:
    """The matters that some words may mean."""
    found = asyncio.run(Suggester(ensure_database(get_settings())).suggest(words, LIMIT))
    table = Table("事项 matter", "名称 name", "比重 share", "依据 words that spoke for it")
    for one in found:
        table.add_row(one["matter"], one["name_zh"], f"{one['score']:.2f}", "、".join(one["words"]))
    console.print(table if found else "没有把握 nothing in the words says what it is about.")


def measure(table: pd.DataFrame, text: list[str], labels: str, folds: int) -> Accuracy:
    """The model's accuracy on a table of labelled messages."""
    kept = table.dropna(subset=[labels])
    texts = [re.sub(r"\s+", " ", " ".join(map(str, row))) for row in kept[text].fillna("").itertuples(index=False)]
    return cross_validate(texts, [str(label) for label in kept[labels]], folds)


def show_accuracy(found: Accuracy, folds: int, console: Console) -> None:
    """The accuracy beside that of always saying the commonest kinds."""
    table = Table(f"{found.count:,} messages, {found.labels} kinds, {folds} folds", "model", "commonest kinds")
    table.add_row("top 1", f"{found.top1:.1%}", f"{found.majority_top1:.1%}")
    table.add_row("top 3", f"{found.top3:.1%}", f"{found.majority_top3:.1%}")
    table.add_row("macro F1", f"{found.macro_f1:.2f}", f"{found.majority_macro_f1:.2f}")
    console.print(table)
