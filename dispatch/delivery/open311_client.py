"""A department's system that speaks Open311: our case goes there as a request, its status comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from data.stores.deliveries import DueDelivery
from dispatch.delivery.connectors import Connector

BATCH = 50


class RefusedError(Exception):
    """The other system did not take it. ``final``: it never will; ``retry_after``: when it wishes to be asked again."""

    def __init__(
        self, problem: str, *, final: bool = False, gone: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.final = final
        self.gone = gone
        self.retry_after = retry_after


def check_answer(answer: httpx.Response) -> None:
    """Pass a success; name what else it was.

    Raises
    ------
    RefusedError
        ``final`` for 4xx but 408, 425 and 429; ``gone`` for 410.
    """
    if answer.is_success:
        return
    problem = f"HTTP {answer.status_code}: {answer.text[:300]}"
    final = 400 <= answer.status_code < 500 and answer.status_code not in (408, 425, 429)
    raise RefusedError(problem, final=final, gone=answer.status_code == 410, retry_after=_retry_after(answer))


def _retry_after(answer: httpx.Response) -> timedelta | None:
    text = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else None


async def send_request(client: httpx.AsyncClient, connector: Connector, key: str, due: DueDelivery) -> str:
    """Post our case; its id there. Posting again is harmless: case number and event go along as ``external_id``.

    Raises
    ------
    RefusedError
        ``final`` where the connector knows no service for the matter.
    httpx.HTTPError
        The system is out of reach.
    """
    fields = request_fields(connector, due)
    headers = {"Idempotency-Key": fields["attribute[external_id]"]}
    answer = await client.post(f"{connector.url}/requests.json", data={"api_key": key, **fields}, headers=headers)
    check_answer(answer)
    return await _id_of(client, connector, _first(answer.json()))


def request_fields(connector: Connector, due: DueDelivery) -> dict[str, str]:
    """What is posted, without the key: service, words, our own id, place.

    Raises
    ------
    RefusedError
        ``final`` where the connector knows no service for the matter.
    """
    service = connector.service_of(due.matter)
    if service is None:
        raise RefusedError(f"no service for {due.matter}", final=True)
    return {
        "service_code": service,
        "description": due.text or due.matter_name,
        "attribute[external_id]": own_id(connector, due),
        **_joint(connector, due),
        **_place(due),
        **({"jurisdiction_id": connector.jurisdiction} if connector.jurisdiction else {}),
    }


def own_id(connector: Connector, due: DueDelivery) -> str:
    """Our name of what is asked of the system; joint work names the department, as one system may serve several."""
    event = f"{due.number}/{due.seq}"
    return f"{event}/{connector.department}" if due.called else event


def _joint(connector: Connector, due: DueDelivery) -> dict[str, str]:
    """What a whistle asks: whether this department leads or helps, for what, and when it is to be there."""
    if due.action != "whistle":
        return {}
    said = {"part": "lead" if due.lead == connector.department else "help", "purpose": due.purpose}
    said["arrive_by"] = due.arrive_by
    return {f"attribute[{name}]": value for name, value in said.items() if value}


def _place(due: DueDelivery) -> dict[str, str]:
    place = {} if due.lng is None or due.lat is None else {"long": f"{due.lng:.7f}", "lat": f"{due.lat:.7f}"}
    return place | ({"address_string": due.address} if due.address else {})


def _first(said: Any) -> Mapping[str, Any]:
    if isinstance(said, list) and said and isinstance(said[0], Mapping):
        return said[0]
    raise RefusedError(f"an answer without a request: {str(said)[:200]}")


async def _id_of(client: httpx.AsyncClient, connector: Connector, said: Mapping[str, Any]) -> str:
    if said.get("service_request_id"):
        return str(said["service_request_id"])
    if not said.get("token"):
        raise RefusedError("an answer with neither service_request_id nor token")
    answer = await client.get(f"{connector.url}/tokens/{said['token']}.json")
    check_answer(answer)
    found = _first(answer.json())
    if not found.get("service_request_id"):
        raise RefusedError("the token has no request yet")
    return str(found["service_request_id"])


async def read_statuses(client: httpx.AsyncClient, connector: Connector, remote_ids: Sequence[str]) -> dict[str, str]:
    """What the system says of these requests: remote id -> extended status, or the plain one where it has none.

    Raises
    ------
    RefusedError, httpx.HTTPError
    """
    found: dict[str, str] = {}
    for start in range(0, len(remote_ids), BATCH):
        parameters = {"service_request_id": ",".join(remote_ids[start : start + BATCH])}
        if connector.jurisdiction:
            parameters["jurisdiction_id"] = connector.jurisdiction
        answer = await client.get(f"{connector.url}/requests.json", params=parameters)
        check_answer(answer)
        for request in answer.json():
            status = request.get("extended_status") or request.get("status")
            if request.get("service_request_id") and status:
                found[str(request["service_request_id"])] = str(status).lower()
    return found


async def send_update(
    client: httpx.AsyncClient, connector: Connector, key: str, remote_id: str, due: DueDelivery
) -> None:
    """Tell the words that were added to our case (mySociety's extension); ``update_id`` is the same for every try.

    Raises
    ------
    RefusedError, httpx.HTTPError
    """
    name = own_id(connector, due)
    fields = {
        "api_key": key,
        "service_request_id": remote_id,
        "update_id": name,
        "status": "UNCHANGED",
        "updated_datetime": due.at.isoformat(timespec="seconds"),
        "description": due.words or due.action,
        **({"jurisdiction_id": connector.jurisdiction} if connector.jurisdiction else {}),
    }
    headers = {"Idempotency-Key": name}
    check_answer(await client.post(f"{connector.url}/servicerequestupdates.json", data=fields, headers=headers))


@dataclass(frozen=True, slots=True)
class RemoteUpdate:
    """What the system says of one of its requests in words. ``id`` is its own name of it."""

    id: str
    remote_id: str
    words: str


async def read_updates(
    client: httpx.AsyncClient, connector: Connector, since: datetime, until: datetime
) -> list[RemoteUpdate]:
    """What the system said within a stretch of time, as far as it has words.

    Raises
    ------
    RefusedError, httpx.HTTPError, ValueError
    """
    parameters = {"start_date": since.isoformat(timespec="seconds"), "end_date": until.isoformat(timespec="seconds")}
    if connector.jurisdiction:
        parameters["jurisdiction_id"] = connector.jurisdiction
    answer = await client.get(f"{connector.url}/servicerequestupdates.json", params=parameters)
    check_answer(answer)
    return [
        RemoteUpdate(str(said["update_id"]), str(said["service_request_id"]), str(said["description"]).strip())
        for said in answer.json()
        if said.get("update_id") and said.get("service_request_id") and str(said.get("description") or "").strip()
    ]
