"""The departments' interface described: as an OpenAPI document for programs, and as a page for the people who write them."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from data.registry.claims import VERIFICATIONS, Purpose
from data.registry.fields import KINDS, EntityKind, Field, fields_of
from data.stores.registry_reading import MATCHED

PLURAL: Final[Mapping[EntityKind, str]] = {
    "person": "persons",
    "household": "households",
    "building": "buildings",
    "room": "rooms",
    "enterprise": "enterprises",
}
TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "choices": {"type": "array", "items": {"type": "string"}},
}
REFUSALS: Final = {
    "400": "A parameter that means nothing here",
    "401": "No key",
    "403": "The key is unknown or revoked, or may not call for this purpose",
    "404": "No such record, or none that this key may see",
    "422": "No purpose is named",
    "429": "Too many calls in a minute (Retry-After), or the day's records are used up",
}


def document(base: str, purposes: Mapping[str, Purpose]) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    active = sorted(code for code, purpose in purposes.items() if purpose.active)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Needle registry",
            "version": "1",
            "description": "Every call names a purpose. Of each record it gets the fields that the purpose needs, as far as the "
            "source of each value allowed that; every record that is handed out is written down.",
        },
        "servers": [{"url": base}],
        "security": [{"key": []}],
        "paths": {path: item for kind in KINDS for path, item in paths_of(kind, active).items()},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            "schemas": {**{kind.title(): schema_of(kind) for kind in KINDS}, "Problem": PROBLEM_SCHEMA},
        },
    }


PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "zh", "en")}
    | {"status": {"type": "integer"}},
}


def paths_of(kind: EntityKind, purposes: list[str]) -> dict[str, Any]:
    """The two addresses of a kind."""
    record = {"$ref": f"#/components/schemas/{kind.title()}"}
    purpose = {"name": "purpose", "in": "query", "required": True, "schema": {"type": "string", "enum": purposes}}
    matches = [query(name, {"type": "string"}) for name in MATCHED if name in fields_of(kind)]
    pages = [
        query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
        query("cursor", {"type": "string"}),
        query("updated_since", {"type": "string", "format": "date-time"}),
    ]
    page = {
        "type": "object",
        "properties": {
            "purpose": {"type": "string"},
            "records": {"type": "array", "items": record},
            "next": {"type": ["string", "null"], "format": "uri"},
        },
    }
    code = {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        f"/{PLURAL[kind]}": {"get": operation(f"list_{PLURAL[kind]}", [purpose, *pages, *matches], page)},
        f"/{PLURAL[kind]}/{{code}}": {"get": operation(f"get_{kind}", [code, purpose], record)},
    }


def query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An optional parameter."""
    return {"name": name, "in": "query", "schema": schema}


def operation(name: str, parameters: list[dict[str, Any]], schema: dict[str, Any]) -> dict[str, Any]:
    """One operation with its answer and its refusals."""
    refused = {
        status: {
            "description": text,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, text in REFUSALS.items()
    }
    done = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "parameters": parameters, "responses": {"200": done, **refused}}


def schema_of(kind: EntityKind) -> dict[str, Any]:
    """A record of a kind."""
    fields = {name: held_of(field) for name, field in fields_of(kind).items()}
    return {
        "type": "object",
        "required": ["code", "kind", "updated_at", "fields"],
        "properties": {
            "code": {"type": "string"},
            "kind": {"const": kind},
            "updated_at": {"type": "string", "format": "date-time"},
            "fields": {"type": "object", "properties": fields, "additionalProperties": False},
        },
    }


def held_of(field: Field) -> dict[str, Any]:
    """A value with what it rests on."""
    value = dict(TYPES.get(field.type, {"type": "string"}))
    if field.choices:
        allowed = {"enum": [choice.value for choice in field.choices]}
        value = {"type": "array", "items": allowed} if field.type == "choices" else {"type": "string", **allowed}
    return {
        "type": "object",
        "title": field.zh,
        "description": f"{field.en} ({field.sensitivity})",
        "properties": {
            "value": value,
            "at": {"type": "string", "format": "date-time"},
            "verification": {"enum": list(VERIFICATIONS)},
            "from": {"type": "string"},
        },
    }


# --- to read ----------------------------------------------------------------------------------------------------


def described(base: str, purposes: Mapping[str, Purpose]) -> str:
    """The page: how to call, what each purpose gets, every field."""
    active = [purpose for purpose in purposes.values() if purpose.active]
    call = f'curl -H "X-API-Key: …" "{base}/persons?purpose={active[0].code if active else "…"}&amp;limit=100"'
    rows = "".join(
        f"<tr><th scope=row><code>{escape(each.code)}</code><td>{escape(each.zh)}<br>{escape(each.en)}"
        f"<td>{escape(each.basis)}<td>{' '.join(f'<code>{escape(key)}</code>' for key in sorted(each.needs))}"
        for each in active
    )
    kinds = "".join(kind_section(kind) for kind in KINDS)
    refusals = "".join(f"<tr><th scope=row>{status}<td>{escape(text)}" for status, text in REFUSALS.items())
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Needle registry</title><style>{STYLE}</style></head><body><main>
<h1>Needle registry</h1>
<p>Every call brings a department's key and names a purpose. Of each record it gets the fields that the purpose needs, as far as
the source of each value allowed. Every record that is handed out is written down; its resident can
read who looked, and what for.</p>
<pre>{call}</pre>
<p><a href="{base}/openapi.json">openapi.json</a> · <a href="{base.removesuffix("/api")}/ogc">OGC API – Features</a></p>
<h2>Purposes</h2><table><tr><th>purpose<th><th>basis<th>needs{rows}</table>
<h2>Refusals</h2><table>{refusals}</table>{kinds}
</main></body></html>"""


def kind_section(kind: EntityKind) -> str:
    """A kind and its fields."""
    rows = "".join(
        f"<tr><th scope=row><code>{field.name}</code><td>{escape(field.zh)}<td>{escape(field.en)}<td>{field.type}"
        f"<td>{field.sensitivity}<td>{' '.join(f'<code>{escape(each.value)}</code>' for each in field.choices)}"
        for field in fields_of(kind).values()
    )
    return f"<h2>/{PLURAL[kind]}</h2><table>{rows}</table>"


STYLE: Final = (
    "body{margin:0;font:16px/1.6 Inter,system-ui,sans-serif;color:#16222f;background:#f5f6f4}"
    "main{max-width:70rem;margin:0 auto;padding:2rem}h2{margin-top:2.5rem}"
    "table{width:100%;border-collapse:collapse;background:#fff;font-size:14px}"
    "th,td{padding:.5rem .75rem;border:1px solid #d9dee3;text-align:left;vertical-align:top;font-weight:400}"
    "code,pre{font-family:ui-monospace,monospace;font-size:13px}pre{padding:1rem;background:#16222f;color:#dbe6f3;overflow:auto}"
    "a{color:#074e93}@media(prefers-color-scheme:dark){body{background:#0b1421;color:#dbe6f3}table{background:#121f30}"
    "th,td{border-color:#22344a}a{color:#7cc4ff}}"
)
