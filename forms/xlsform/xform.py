"""What a compiled XForm asks: its nodes with types, logic, choices and texts; and the shape that its answers have in tables."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from data.forms_layout import Field, Kind, Sheet

XF: Final = "{http://www.w3.org/2002/xforms}"
JR: Final = "{http://openrosa.org/javarosa}"
KINDS: Final = {
    "int": Kind.INTEGER,
    "decimal": Kind.DECIMAL,
    "date": Kind.DATE,
    "dateTime": Kind.DATETIME,
    "time": Kind.TIME,
    "geopoint": Kind.POINT,
    "geotrace": Kind.LINE,
    "geoshape": Kind.AREA,
    "binary": Kind.DIGEST,
}
#: Written by the client, beside the answers; kept with the submission.
META: Final = frozenset({"instanceID", "deprecatedID"})
ITEXT: Final = re.compile(r"jr:itext\('(.+)'\)")


@dataclass(frozen=True)
class XNode:
    """One node of the primary instance. Expressions are XPath, empty where there is none.

    Attributes
    ----------
    path : str
        E.g. ``/data/household/age``.
    kind : Kind or None
        What it holds; None for a group or a repeat.
    choices : tuple of str
        The only values; none: any, or they are known only to an expression.
    itemset : str
        The expression that gives the choices.
    """

    path: str
    kind: Kind | None
    repeat: bool = False
    choices: tuple[str, ...] = ()
    itemset: str = ""
    value_ref: str = "name"
    relevant: str = ""
    constraint: str = ""
    required: str = ""
    calculate: str = ""
    preload: bool = False
    constraint_message: Mapping[str, str] = field(default_factory=dict)
    required_message: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """One item of a secondary instance: its columns, and its text by language."""

    columns: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class XForm:
    """A compiled form: nodes in document order, choices by instance."""

    form_id: str
    version: str
    root: str
    nodes: tuple[XNode, ...]
    instances: Mapping[str, tuple[Item, ...]]
    texts: Mapping[str, Mapping[str, str]]

    def node(self, path: str) -> XNode | None:
        """A node by its path."""
        return next((node for node in self.nodes if node.path == path), None)


def read_xform(xml: str) -> XForm:
    """Read an XForm that pyxform made."""
    document = ET.fromstring(xml)
    model = document.find(f".//{XF}model")
    assert model is not None
    instances = model.findall(f"{XF}instance")
    primary = instances[0][0]
    texts = read_texts(model)
    root = f"/{local(primary)}"
    items = {i.get("id") or "": tuple(read_items(i)) for i in instances[1:] if len(i)}
    binds = {bind.get("nodeset") or "": bind for bind in model.findall(f"{XF}bind")}
    controls = {control.get("ref") or "": control for control in document.iter() if control.get("ref")}
    repeats = {each.get("nodeset") or "" for each in document.iter(f"{XF}repeat")}
    nodes = [
        read_node(path, leaf, binds.get(path), controls.get(path), path in repeats, items, texts)
        for path, leaf in paths(primary, root)
    ]
    return XForm(primary.get("id") or "", primary.get("version") or "", root, tuple(nodes), items, texts)


def local(element: ET.Element) -> str:
    """A tag without its namespace."""
    return element.tag.rpartition("}")[2]


def paths(element: ET.Element, path: str) -> Iterator[tuple[str, bool]]:
    """Every path below an element once (a repeat stands twice, as its template), and whether it is a leaf."""
    seen = set()
    for child in element:
        here = f"{path}/{local(child)}"
        if here not in seen:
            seen.add(here)
            yield here, len(child) == 0
            yield from paths(child, here)


def read_texts(model: ET.Element) -> dict[str, dict[str, str]]:
    """Texts by id and language, plain ones only."""
    out: dict[str, dict[str, str]] = {}
    for translation in model.iterfind(f"{XF}itext/{XF}translation"):
        for text in translation:
            plain = next((v for v in text if v.get("form") is None), None)
            if plain is not None:
                out.setdefault(text.get("id") or "", {})[translation.get("lang") or ""] = "".join(plain.itertext())
    return out


def read_items(instance: ET.Element) -> Iterator[Item]:
    """The items of a secondary instance."""
    for item in instance.iter(f"{XF}item"):
        yield Item({local(column): column.text or "" for column in item})


def read_node(
    path: str,
    leaf: bool,
    bind: ET.Element | None,
    control: ET.Element | None,
    repeat: bool,
    items: Mapping[str, tuple[Item, ...]],
    texts: Mapping[str, Mapping[str, str]],
) -> XNode:
    """One node of its bind and its control."""
    logic = {} if bind is None else bind.attrib
    itemset, value_ref, choices = read_choices(control, items)
    return XNode(
        path,
        kind_of(logic.get("type", "string"), control) if leaf and not repeat else None,
        repeat,
        choices,
        itemset,
        value_ref,
        relevant=logic.get("relevant", ""),
        constraint=logic.get("constraint", ""),
        required=logic.get("required", ""),
        calculate=logic.get("calculate", ""),
        preload=f"{JR}preload" in logic,
        constraint_message=message(logic.get(f"{JR}constraintMsg", ""), texts),
        required_message=message(logic.get(f"{JR}requiredMsg", ""), texts),
    )


def message(written: str, texts: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """A message by language."""
    found = ITEXT.fullmatch(written)
    return texts.get(found[1], {}) if found else {"": written} if written else {}


def kind_of(bind_type: str, control: ET.Element | None) -> Kind:
    """What a leaf holds."""
    tag = "" if control is None else local(control)
    if tag == "select1":
        return Kind.CHOICE
    return Kind.CHOICES if tag in {"select", "rank"} else KINDS.get(bind_type, Kind.TEXT)


def read_choices(control: ET.Element | None, items: Mapping[str, tuple[Item, ...]]) -> tuple[str, str, tuple[str, ...]]:
    """The expression of a select's choices, the column of their values, and all values that may ever be chosen."""
    if control is None or local(control) not in {"select", "select1", "rank"}:
        return "", "name", ()
    itemset = control.find(f"{XF}itemset")
    if itemset is None:
        return "", "name", tuple(value.text or "" for value in control.iterfind(f"{XF}item/{XF}value"))
    nodeset, value = itemset.get("nodeset") or "", itemset.find(f"{XF}value")
    column = "name" if value is None else value.get("ref") or "name"
    found = re.match(r"(?:randomize\()?instance\('([^']+)'\)", nodeset)
    known = items.get(found[1], ()) if found else ()
    return nodeset, column, tuple(dict.fromkeys(item.columns.get(column, "") for item in known))


def to_sheet(form: XForm) -> Sheet:
    """The shape of a form's answers."""

    def build(path: str) -> Sheet:
        mine = [node for node in form.nodes if sheet_of(form, node.path) == path]
        fields = tuple(
            Field(n.path, n.kind, n.choices) for n in mine if n.kind and n.path.rpartition("/")[2] not in META
        )
        return Sheet(path, fields, tuple(build(node.path) for node in mine if node.repeat))

    return build(form.root)


def sheet_of(form: XForm, path: str) -> str:
    """The path of the repeat around a node, else of the form."""
    around = [n.path for n in form.nodes if n.repeat and path.startswith(f"{n.path}/")]
    return max(around, key=len, default=form.root)
