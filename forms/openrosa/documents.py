"""OpenRosa's documents: the list of forms, a manifest, the answer to a submission. Pure.

docs.getodk.org: "OpenRosa Form List API", "Form Manifest", "Form Submission API", 1.0.
"""

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from data.stores.field_forms import FieldForm

LIST: Final = "http://openrosa.org/xforms/xformsList"
MANIFEST: Final = "http://openrosa.org/xforms/xformsManifest"
RESPONSE: Final = "http://openrosa.org/http/response"
ITEMSETS: Final = "itemsets.csv"


def form_list(forms: Iterable[FieldForm], base: str) -> bytes:
    """The forms with where each is found. ``base``: the endpoint's own address."""
    root = ET.Element("xforms", {"xmlns": LIST})
    for form in forms:
        said = {
            "formID": form.form_id,
            "name": form.title,
            "version": form.version,
            "hash": f"md5:{form.digest}",
            "downloadUrl": f"{base}/forms/{form.id}",
        }
        if form.has_files:
            said["manifestUrl"] = f"{base}/forms/{form.id}/manifest"
        add(ET.SubElement(root, "xform"), said)
    return written(root)


def manifest(version_id: int, itemsets: str | None, media: Mapping[str, str], base: str) -> bytes:
    """The files that belong to a form: its external choices, and what it shows. ``media``: MD5 of the content by name."""
    root = ET.Element("manifest", {"xmlns": MANIFEST})
    if itemsets is not None:
        digest = hashlib.md5(itemsets.encode(), usedforsecurity=False).hexdigest()
        at = f"{base}/forms/{version_id}/{ITEMSETS}"
        add(ET.SubElement(root, "mediaFile"), {"filename": ITEMSETS, "hash": f"md5:{digest}", "downloadUrl": at})
    for name, digest in sorted(media.items()):
        at = f"{base}/forms/{version_id}/media/{quote(name)}"
        add(ET.SubElement(root, "mediaFile"), {"filename": name, "hash": f"md5:{digest}", "downloadUrl": at})
    return written(root)


def response(nature: str, sentence: str) -> bytes:
    """What became of a submission. ``nature``: ``submit_success``, ``submit_error``; the sentence is shown to the person."""
    root = ET.Element("OpenRosaResponse", {"xmlns": RESPONSE, "items": "0"})
    ET.SubElement(root, "message", {"nature": nature}).text = sentence
    return written(root)


def add(element: ET.Element, texts: dict[str, str]) -> None:
    """Children with texts."""
    for name, text in texts.items():
        ET.SubElement(element, name).text = text


def written(root: ET.Element) -> bytes:
    """A document with its declaration, in UTF-8."""
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content
