"""An XForm made into what Enketo Core shows: an HTML form and its model. Pure: text in, text out.

``form.xsl`` and ``model.xsl`` are the sheets of enketo-transformer 4.2.0 (Enketo LLC, Apache License 2.0, whose text stands
beside them), unchanged. What that package does around them in JavaScript is done here in Python: itemsets before, appearances,
actions, languages and Markdown after. Nothing inline is left, so that the page's content security policy holds.
"""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from forms.enketo.markdown import render
from geo.errors import NeedleError

XF: Final = "http://www.w3.org/2002/xforms"
NAMES: Final = {"xf": XF, "h": "http://www.w3.org/1999/xhtml", "orx": "http://openrosa.org/xforms"}
SAFE: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
NAMED: Final = re.compile(r"^([^(]+)\(([^)]*)\)\s*$")
RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff]")
ACTIONS: Final = ("setvalue", "setgeopoint")
LAYOUTS: Final = {
    "horizontal": ("or-appearance-columns",),
    "horizontal-compact": ("or-appearance-columns-pack",),
    "compact": ("or-appearance-columns-pack", "or-appearance-no-buttons"),
}
"""What the old names of choices' layouts mean today."""

Element = Any
"""An element of lxml, which has no types of its own."""


@dataclass(frozen=True, slots=True)
class Page:
    """A form as the page shows it.

    Attributes
    ----------
    html : str
        ``<form class="or …">``: Enketo's HTML, without styles or scripts inline.
    model : str
        ``<model>``: the primary instance and the secondary ones, as XML.
    languages : tuple of str
        Tags of the form's languages, e.g. ``("zh", "en")``, the default first; empty where it has only one without a name.
    """

    html: str
    model: str
    languages: tuple[str, ...]


def transform(xform: str) -> Page:
    """Make the page's form of an XForm (ODK XForms 1.0).

    Raises
    ------
    NeedleError
        ``form.not_an_xform`` for what is no XML, or no XForm.
    """
    document = _parse(xform)
    _note_itemsets(document)
    form = _sheet("form")(document).getroot().find("form")
    model = _sheet("model")(document).getroot().find(f"{{{XF}}}model")
    if form is None or model is None:
        raise NeedleError("form.not_an_xform", problem="form, model")
    for action in ACTIONS:
        _settle_action(form, action)
    _name_appearances(form)
    languages = _tag_languages(form)
    _take_out_inline(form)
    _ready_widgets(form)
    _render_labels(form)
    _give_instance_id(model)
    html = etree.tostring(form, encoding="unicode", method="html", with_tail=False)
    return Page(_without_namespaces(html), etree.tostring(model, encoding="unicode", with_tail=False), languages)


@cache
def _sheet(name: str) -> etree.XSLT:
    return etree.XSLT(etree.fromstring(files(__package__).joinpath(f"{name}.xsl").read_bytes(), SAFE))


def _parse(xform: str) -> Element:
    try:
        document = etree.fromstring(xform.encode(), SAFE)
    except etree.XMLSyntaxError as error:
        raise NeedleError("form.not_an_xform", problem=str(error)) from error
    if not document.xpath("/h:html/h:head/xf:model/xf:instance/*", namespaces=NAMES):
        raise NeedleError("form.not_an_xform", problem="/h:html/h:head/model/instance")
    return document


def _note_itemsets(document: Element) -> None:
    """Tell the sheet where the choices of an itemset lie, and put their translated labels beside it."""
    for itemset in document.iter(f"{{{XF}}}itemset"):
        value, label = itemset.find("xf:value", NAMES), itemset.find("xf:label", NAMES)
        label_ref = "" if label is None else label.get("ref", "")
        path = _choices_path(itemset.get("nodeset", ""))
        itemset.set("valueRef", "" if value is None else value.get("ref", ""))
        itemset.set("labelRef", label_ref)
        itemset.set("itextPath", path)
        translated = re.search(r"itext\((.*)\)", label_ref)
        if translated and path:
            for one in document.xpath(f'{path}/*[name()="{translated[1]}"]', namespaces=NAMES):
                itemset.append(deepcopy(one))


def _choices_path(nodeset: str) -> str:
    """The path of a secondary instance's items in the whole document, without filters: ``instance('towns')/root/item[…]``."""
    named = re.search(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)", nodeset)
    if named is None:
        return ""
    steps = nodeset[named.end() :]
    if "randomize(" in nodeset:
        steps = re.split(r"[,)]", _unfiltered(steps))[0]
    return f'/h:html/h:head/xf:model/xf:instance[@id="{named[1]}"]' + _unfiltered(steps).strip().replace("/", "/xf:")


def _unfiltered(path: str) -> str:
    """A path without its predicates, which may hold brackets of their own."""
    kept, depth = [], 0
    for letter in path:
        depth += letter == "["
        if not depth:
            kept.append(letter)
        depth -= letter == "]"
    return "".join(kept)


def _settle_action(form: Element, name: str) -> None:
    """Put an action's input where Enketo looks for it: on the question that it sets, or in place of its own label."""
    for control in form.xpath(f'//*[contains(@class, "question")]//label/input[@data-{name}]'):
        _replace(control.getparent(), deepcopy(control))
    for control in form.xpath(f'//label[contains(@class, "{name}")]/input[@data-{name}]'):
        asked = form.xpath(
            '//*[@name=$name and (contains(../@class, "question") or contains(../../@class, "option-wrapper"))'
            ' and not(@type="hidden")]',
            name=control.get("name"),
        )
        if asked:
            for attribute in (f"data-{name}", "data-event"):
                asked[0].set(attribute, control.get(attribute, attribute))
            _remove(control.getparent())


def _name_appearances(form: Element) -> None:
    for element in form.xpath("//*[@data-appearances]"):
        is_choice = element.attrib.pop("data-appearances-select-type", None) is not None
        named = element.attrib.pop("data-appearances").lower().split()
        classes = [name for appearance in named for name in _classes_of(appearance, is_choice)]
        element.set("class", " ".join(_filled(element.get("class", "").split(), classes)))


def _filled(classes: list[str], appearances: list[str]) -> list[str]:
    return [c for name in classes for c in (appearances if name == "or-appearances-placeholder" else [name])]


def _classes_of(appearance: str, is_choice: bool) -> tuple[str, ...]:
    own = f"or-appearance-{appearance}"
    if not is_choice:
        return (own,)
    if appearance.startswith("compact-"):
        return (own, appearance.removeprefix("compact-"), "or-appearance-no-buttons")
    return (own, *LAYOUTS.get(appearance, ()))


def _tag_languages(form: Element) -> tuple[str, ...]:
    """Name languages by their tags, ``中文 (zh)`` by ``zh``, wherever they are named; the tags, the default first."""
    chooser = form.find("select[@id='form-languages']")
    if chooser is None:
        return ()
    tags: dict[str, str] = {}
    for option in chooser.iter("option"):
        source = option.get("value", "")
        named = NAMED.match(source)
        tags[source] = named[2].strip() if named else source.strip()
        option.set("value", tags[source])
        option.text = named[1].strip() if named else source
    for element in form.xpath(".//*[@lang]"):
        element.set("lang", tags.get(element.get("lang"), element.get("lang")))
    for option in chooser.iter("option"):
        option.set("data-dir", _direction(form, option.get("value", "")))
    default = tags.get(chooser.get("data-default-lang", ""), chooser.get("data-default-lang", ""))
    chooser.set("data-default-lang", default)
    return tuple(sorted((t for t in dict.fromkeys(tags.values()) if t), key=lambda tag: tag != default))


def _direction(form: Element, tag: str) -> str:
    """How a language is written, seen from its first text."""
    for span in form.xpath('.//span[@lang=$tag and normalize-space() and not(text()="-")]', tag=tag):
        return "rtl" if RIGHT_TO_LEFT.search("".join(span.itertext())) else "ltr"
    return "ltr"


def _take_out_inline(form: Element) -> None:
    """Styles and handlers in attributes, which the page's policy forbids; what was hidden stays hidden."""
    for element in form.iter(etree.Element):
        style = element.attrib.pop("style", "")
        if "display:none" in style.replace(" ", ""):
            element.set("hidden", "hidden")
        for name in [name for name in element.attrib if name.startswith("on")]:
            del element.attrib[name]


def _ready_widgets(form: Element) -> None:
    """Questions that our own widgets answer: their input holds a file's name, their element is no label of its buttons."""
    for control in form.xpath('.//input[@type="file" or @type="rank" or starts-with(@data-type-xml, "geo")]'):
        if control.get("type") == "file":
            control.set("data-file", control.attrib.pop("accept", ""))
        control.set("type", "text")
        question = control.getparent()
        if question.tag == "label" and "question" in question.get("class", ""):
            question.tag = "div"
            question.set("role", "group")


def _render_labels(form: Element) -> None:
    """Markdown in labels and hints; what was computed into them (``or-output``) stays an element."""
    for span in form.xpath('.//span[contains(@class, "question-label") or contains(@class, "or-hint")]'):
        outputs = [deepcopy(output) for output in span.iterfind("span[@class='or-output']")]
        for output in outputs:
            output.tail = None
        text = (span.text or "") + "".join(f"\ue000{n}\ue001{child.tail or ''}" for n, child in enumerate(span))
        if len(outputs) != len(span):
            continue
        rendered = render(text)
        if rendered is not None:
            _fill(span, rendered, outputs)


def _fill(span: Element, rendered: str, outputs: list[Element]) -> None:
    holes = re.sub("\ue000(\\d+)\ue001", r'<output n="\1"/>', rendered)
    try:
        parsed = etree.fromstring(f"<span>{holes}</span>", SAFE)
    except etree.XMLSyntaxError:
        return  # Markdown that crosses itself stays as it was written
    for hole in list(parsed.iter("output")):
        _replace(hole, outputs[int(hole.get("n", "0"))])
    attributes = dict(span.attrib)
    tail = span.tail
    span.clear()
    span.attrib.update(attributes)
    span.text, span.tail = parsed.text, tail
    span.extend(list(parsed))


def _give_instance_id(model: Element) -> None:
    """Every answer has an id, also in forms that forgot to say so."""
    instance = model.find(f"{{{XF}}}instance")
    if instance is None or len(instance) == 0:
        return
    root = instance[0]
    if root.xpath("*[local-name()='meta']/*[local-name()='instanceID']"):
        return
    found = root.xpath("*[local-name()='meta']")
    meta = found[0] if found else etree.SubElement(root, f"{{{XF}}}meta")
    etree.SubElement(meta, f"{{{XF}}}instanceID")


def _replace(old: Element, new: Element) -> None:
    new.tail = old.tail
    parent = old.getparent()
    if parent is not None:
        parent.replace(old, new)


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _without_namespaces(html: str) -> str:
    return re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", html)
