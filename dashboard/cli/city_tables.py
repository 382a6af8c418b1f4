"""What became of a city's files, and how well its records agree with ours, as tables to read."""

from rich.console import Console
from rich.table import Table

from data.importers.checking import AgreementResult
from data.importers.loading import Loaded
from geo.errors import catalogue


def show_loaded(loaded: Loaded, console: Console) -> None:
    """Print what became of each row: nothing is dropped in silence."""
    table = Table(title="事件 events", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "读入 read": loaded.read,
        "早已入库 there before": loaded.already,
        "编号重复 key repeated in the file": loaded.repeated,
        "新增报告 new reports": loaded.reports,
        "新增案件 new cases": loaded.cases,
        "位置不明 location unknown": loaded.unknown_location,
        "近界待核 near a border, to be confirmed": loaded.ambiguous,
    }
    for label, count in rows.items():
        table.add_row(label, f"{count:,}")
    console.print(table)
    show_problems(loaded, console)


def show_problems(loaded: Loaded, console: Console) -> None:
    """Print how many rows have each problem, with its sentence."""
    if not loaded.problems:
        return
    table = Table(title="问题 problems", title_justify="left")
    table.add_column("code")
    table.add_column("rows", justify="right")
    table.add_column("")
    for code, count in loaded.problems.most_common():
        entry = catalogue()[code]
        table.add_row(code, f"{count:,}", f"{entry.zh}\n{entry.en}" if "{" not in entry.en else "")
    console.print(table)


def show_agreement(results: list[AgreementResult], console: Console) -> None:
    """Print recorded against computed codes, layer by layer."""
    table = Table(title="记录的辖区与计算的一致 recorded and computed districts agree", title_justify="left")
    for column in ("layer", "compared", "agree", "asked", "blank", "outside", ""):
        table.add_column(column, justify="left" if column in ("layer", "") else "right")
    for found in results:
        table.add_row(
            found.layer,
            f"{found.compared:,}",
            f"{found.share:.2%}",
            f"≥ {found.at_least:.1%}",
            f"{found.blank:,}",
            f"{found.outside:,}",
            verdict(found.met),
        )
    console.print(table)


def verdict(met: bool) -> str:
    """Met or not, in colour."""
    return "[green]met[/green]" if met else "[bold red]NOT met[/bold red]"
