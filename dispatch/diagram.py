"""The case protocol drawn and written out from the state table, for docs/case-protocol.md.

``python -m dispatch.diagram docs/case-protocol.md`` writes both parts anew; a test says when that was forgotten.
"""

import sys
from pathlib import Path

from dispatch.states import Transition, open_states, states, transitions

MERMAID_START_END = "[*]"


def drawn_moves() -> list[Transition]:
    """The moves worth drawing: those that lead elsewhere."""
    return [m for m in transitions().values() if m.from_state != m.to_state]


def mermaid() -> str:
    """The states and moves as a Mermaid state diagram, names in Chinese."""
    names = [f"    {s.code}: {s.name_zh} {s.code}" for s in states().values() if s.code != "draft"]
    arrows = [f"    {_node(m.from_state)} --> {m.to_state}: {m.name_zh}" for m in drawn_moves()]
    ends = [f"    {s.code} --> {MERMAID_START_END}" for s in states().values() if s.terminal]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    direction TB", *names, *arrows, *ends, "```"])


def table() -> str:
    """The moves as a Markdown table; the moves that any open state allows stand once, at the end."""
    head = ["| from | action | to | who | reason | clock | needs |", "|---|---|---|---|---|---|---|"]
    moving = [_line(m, m.from_state, m.to_state) for m in drawn_moves()]
    staying = [m for m in transitions().values() if m.from_state == m.to_state]
    anywhere = {m.action: m for m in staying if _stays_in(m.action) == set(open_states())}
    here = [_line(m, m.from_state, "same") for m in staying if m.action not in anywhere]
    return "\n".join([*head, *moving, *here, *[_line(m, "any open", "same") for m in anywhere.values()]])


def _stays_in(action: str) -> set[str]:
    return {m.from_state for m in transitions().values() if m.action == action and m.from_state == m.to_state}


def write(page: Path) -> None:
    """Put the diagram and the table between their markers in the page."""
    text = page.read_text(encoding="utf-8")
    page.write_text(inserted(inserted(text, "diagram", mermaid()), "table", table()), encoding="utf-8")


def inserted(text: str, part: str, body: str) -> str:
    """``text`` with what stands between the markers of ``part`` replaced by ``body``."""
    start, end = f"<!-- {part} -->", f"<!-- /{part} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n{body}\n{end}{after}"


def _node(state: str) -> str:
    return MERMAID_START_END if state == "draft" else state


def _line(move: Transition, source: str, target: str) -> str:
    clock = "; ".join(" ".join(effect) for effect in move.clock)
    who = ", ".join(sorted(move.roles))
    reason = "yes" if move.reason_required else ""
    return f"| {source} | {move.name_zh} `{move.action}` | {target} | {who} | {reason} | {clock} | {move.guard_en} |"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
