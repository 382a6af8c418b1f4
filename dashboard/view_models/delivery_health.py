"""Connected systems and what they were not told, as JSON: moments in Unix seconds, what is said in one language. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from dashboard.i18n import Words
from dashboard.view_models.desk_columns import Namer
from dashboard.view_models.desk_rows import seconds
from data.stores.deliveries import DeliveryRow, DueDelivery, HealthRow, SubscriptionRow
from dispatch.delivery.connectors import make_connector
from dispatch.delivery.messages import MEDIA_TYPE, cloud_event, message_id
from dispatch.delivery.open311_client import RefusedError, request_fields
from dispatch.states import transitions

SOURCE: Final = "/needle"


def standing(row: HealthRow) -> str:
    """How a system does: paused, stuck (something was given up), failing, busy, well."""
    if not row.active:
        return "paused"
    if row.given_up:
        return "stuck"
    if row.failing_since is not None:
        return "failing"
    return "busy" if row.waiting else "well"


def system_as_json(row: HealthRow, say: Words, name: Namer) -> dict[str, Any]:
    """One system with its numbers."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": say(f"deliveries.kind.{row.kind}"),
        "department": None if row.department_code is None else name("department", row.department_code),
        "active": row.active,
        "standing": standing(row),
        "said": say(f"deliveries.standing.{standing(row)}"),
        "waiting": row.waiting,
        "given_up": row.given_up,
        "delivered": row.delivered,
        "oldest": seconds(row.oldest_at),
        "last": seconds(row.delivered_at),
        "failing_since": seconds(row.failing_since),
        "next_try": seconds(row.next_try_at) if row.active else None,
        "tries": row.tries,
        "problem": row.problem if row.waiting or row.given_up else None,
    }


def delivery_as_json(row: DeliveryRow, say: Words) -> dict[str, Any]:
    """One delivery that did not arrive yet."""
    return {
        "id": row.id,
        "system": row.subscription,
        "case": row.case_id,
        "number": row.number,
        "event": action_name(row.action, say),
        "created": seconds(row.created_at),
        "tries": row.tries,
        "next_try": seconds(row.next_try_at) if row.given_up_at is None else None,
        "given_up": seconds(row.given_up_at),
        "problem": row.problem,
    }


def action_name(action: str, say: Words) -> str:
    """What happened, in words."""
    moves = [move for (_, name), move in transitions().items() if name == action]
    return say.pick(moves[0].name_zh, moves[0].past_en) if moves else action


def request_of(system: SubscriptionRow, due: DueDelivery) -> dict[str, Any]:
    """What is sent to the system for a delivery: method and address, headers (no secret among them), body as text."""
    connector = make_connector(system.settings)
    if connector.kind == "webhook":
        body = orjson.dumps(orjson.loads(cloud_event(due, SOURCE)), option=orjson.OPT_INDENT_2).decode()
        headers = {"content-type": MEDIA_TYPE, "webhook-id": message_id(system.id, due.event_id)}
        return {"line": f"POST {connector.url}", "headers": headers, "body": body}
    line = f"POST {connector.url}/requests.json"
    try:
        fields: Mapping[str, str] = request_fields(connector, due)
    except RefusedError as error:
        return {"line": line, "headers": {}, "body": error.problem}
    headers = {"idempotency-key": fields["attribute[external_id]"]}
    return {"line": line, "headers": headers, "body": "\n".join(f"{key}={value}" for key, value in fields.items())}
