"""Check a submission again, on the government's side, against its form's own logic.

Types, choices (filtered as the form filters them), relevance with all that it brings, required, constraint and calculate. What a
form's own expression makes impossible (an unknown function, a pattern that takes too long) is told of the question, never passed.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from data.forms_layout import Kind
from forms.xlsform.submission import TEMPLATE, Finding, Submission, parse_xml, read_submission
from forms.xlsform.xform import XForm, XNode, local, read_xform
from forms.xpath.engine import evaluate, is_volatile
from forms.xpath.evaluation import Context
from forms.xpath.nodes import as_nodes, path_of, place
from forms.xpath.values import Node, Value, to_flag, to_text
from geo.errors import NeedleError

#: Relevance may hang on what is relevant; a form whose answers still change after so many rounds has a circle.
ROUNDS: Final = 12


@dataclass(frozen=True)
class Checked:
    """A submission and everything that is wrong with it; it is good when ``findings`` is empty."""

    submission: Submission
    findings: tuple[Finding, ...]


def check_submission(xform: str, text: str, now: datetime, digests: Mapping[str, str] | None = None) -> Checked:
    """Check a submission.

    Parameters
    ----------
    xform : str
        The compiled form of its version.
    text : str
        The submission's XML.
    now : datetime
        Aware; what ``today()`` and ``now()`` say, and the zone of dates without.
    digests : mapping, optional
        Digests of the attachments by file name.

    Raises
    ------
    NeedleError
        ``form.submission_broken``, ``form.submission_other``.
    """
    form = form_of(xform)
    assert now.tzinfo is not None
    said = read_submission(form, text, now.tzinfo, digests)
    unread = {finding.place for finding in said.findings}
    document = to_tree(parse_xml(text))
    repeats = frozenset(node.path for node in form.nodes if node.repeat)
    checker = Checker(
        form, Context(document, now, instances=instances(form), choice_texts=choice_texts(form)), {}, repeats
    )
    by_path = {node.path: node for node in form.nodes}
    elements = [(by_path[path_of(e)], e) for e in every(document) if path_of(e) in by_path]
    checker.settle(elements)
    judged = [finding for node, element in elements for finding in checker.judge(node, element)]
    missing = [f for f in checker.missing(elements) if f.place not in unread]
    return Checked(said, (*said.findings, *(f for f in judged if f.place not in unread), *missing))


@lru_cache(32)
def form_of(xform: str) -> XForm:
    """A form, read once."""
    return read_xform(xform)


def to_tree(root: ET.Element) -> Node:
    """A submission as a document of nodes, without namespaces and templates."""
    document = Node("")
    stack = [(root, document)]
    while stack:
        element, parent = stack.pop()
        node = parent.add(local(element), element.text or "" if len(element) == 0 else "")
        stack += [(child, node) for child in reversed(element) if TEMPLATE not in child.attrib]
    return document


@lru_cache(32)
def instances(form: XForm) -> Mapping[str, Node]:
    """The lists of choices as documents: ``instance('x')/root/item/name``."""
    out = {}
    for name, items in form.instances.items():
        out[name] = document = Node("")
        root = document.add("root")
        for each in items:
            item = root.add("item")
            for column, text in each.columns.items():
                item.add(column, text)
    return out


@lru_cache(32)
def choice_texts(form: XForm) -> Mapping[str, Mapping[str, str]]:
    """What choices are called, in the first language, by question and value."""
    return {node.path: dict(named(form, node)) for node in form.nodes if node.itemset}


def named(form: XForm, node: XNode) -> Iterator[tuple[str, str]]:
    """Values and texts of a question's choices."""
    list_name = node.itemset.partition("instance('")[2].partition("'")[0]
    for item in form.instances.get(list_name, ()):
        texts = form.texts.get(item.columns.get("itextId", ""), {})
        yield item.columns.get(node.value_ref, ""), next(iter(texts.values()), item.columns.get("label", ""))


def every(node: Node) -> Iterator[Node]:
    """All nodes below one, in document order."""
    for child in node.children:
        yield child
        yield from every(child)


def place_of(node: Node, repeats: frozenset[str]) -> str:
    """Where a node stands, with the positions of its repeats: ``/data/kid[2]/age``."""
    if node.parent is None:
        return ""
    number = f"[{place(node)}]" if path_of(node) in repeats else ""
    return f"{place_of(node.parent, repeats)}/{node.name}{number}"


@dataclass(frozen=True)
class Checker:
    """One submission under its form. ``broken``: questions whose relevance could not be evaluated, and why."""

    form: XForm
    context: Context
    broken: dict[str, NeedleError]
    repeats: frozenset[str]

    def value(self, expression: str, node: Node) -> Value:
        """What an expression says at a node."""
        at = Context(node, self.context.now, None, 1, 1, self.context.instances, self.context.choice_texts)
        return evaluate(expression, at)

    def says(self, expression: str, node: Node) -> bool:
        """Whether an expression says yes at a node."""
        return to_flag(self.value(expression, node))

    def settle(self, elements: list[tuple[XNode, Node]]) -> None:
        """Find out what is relevant, until nothing changes any more."""
        for _ in range(ROUNDS):
            changed = False
            for node, element in elements:
                above = element.parent is None or element.parent.relevant
                relevant = above and (not node.relevant or self.trusted(node.relevant, element))
                changed |= relevant != element.relevant
                element.relevant = relevant
            if not changed:
                return

    def trusted(self, expression: str, element: Node) -> bool:
        """Relevance; a question whose expression cannot be evaluated counts as asked."""
        try:
            return self.says(expression, element)
        except NeedleError as error:
            self.broken[path_of(element)] = error
            return True

    def judge(self, node: XNode, element: Node) -> Iterator[Finding]:
        """What is wrong with one answer."""
        where = place_of(element, self.repeats)
        if node.kind is None:
            return
        if not element.relevant:
            if element.text.strip():
                yield Finding(where, "relevant")
            return
        try:
            yield from self.wrong(node, element, where)
        except NeedleError as error:
            yield beyond(where, error)
        if node.path in self.broken:
            yield beyond(where, self.broken[node.path])

    def wrong(self, node: XNode, element: Node, where: str) -> Iterator[Finding]:
        """Required, choices, constraint, calculate of an answer that counts."""
        answered = bool(element.text.strip())
        if not answered and node.required and self.says(node.required, element):
            yield Finding(where, "required", node.required_message)
        if answered and node.itemset and not set(self.chosen(node, element)) <= set(self.offered(node, element)):
            yield Finding(where, "choice")
        if answered and node.constraint and not self.says(node.constraint, element):
            yield Finding(where, "constraint", node.constraint_message)
        if node.calculate and not node.preload and not is_volatile(node.calculate):
            computed = to_text(self.value(node.calculate, element))
            if not alike(computed, element.text):
                yield Finding(where, "calculate", {"": computed})

    def chosen(self, node: XNode, element: Node) -> list[str]:
        """The choices that an answer names."""
        return [element.text.strip()] if node.kind is Kind.CHOICE else element.text.split()

    def offered(self, node: XNode, element: Node) -> list[str]:
        """The choices that this question offers now; a list that is in a file offers what was chosen."""
        found = as_nodes(self.value(node.itemset, element))
        names = [column.value() for item in found for column in item.children if column.name == node.value_ref]
        list_name = node.itemset.partition("instance('")[2].partition("'")[0]
        return names if list_name in self.form.instances or not list_name else self.chosen(node, element)

    def missing(self, elements: list[tuple[XNode, Node]]) -> Iterator[Finding]:
        """Required questions outside of repeats that a submission left out altogether."""
        there = {node.path for node, _ in elements}
        irrelevant = {node.path for node, element in elements if not element.relevant}
        for node in self.form.nodes:
            inside = any(node.path.startswith(f"{path}/") for path in (*self.repeats, *irrelevant))
            if node.path not in there and node.required in {"true()", "true"} and not node.relevant and not inside:
                yield Finding(node.path, "required", node.required_message)


def beyond(where: str, error: NeedleError) -> Finding:
    """A question whose own expression cannot be evaluated."""
    return Finding(where, error.code, {"zh": error.sentence("zh"), "en": error.sentence("en")})


def alike(computed: str, sent: str) -> bool:
    """Whether what a client computed is what we compute: as text, or as number to nine digits; nothing is like NaN."""
    if computed == sent or {computed, sent} <= {"", "NaN"}:
        return True
    try:
        return math.isclose(float(computed), float(sent), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return computed.strip() == sent.strip()
