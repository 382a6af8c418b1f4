"""A department's system that speaks Open311: our case goes there as a request, its status comes back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
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
    service = connector.service_of(due.matter)
    if service is None:
        raise RefusedError(f"no service for {due.matter}", final=True)
    own_id = f"{due.number}/{due.seq}"
    fields = {
        "api_key": key,
        "service_code": service,
        "description": due.text or due.matter_name,
        "attribute[external_id]": own_id,
        **_place(due),
        **({"jurisdiction_id": connector.jurisdiction} if connector.jurisdiction else {}),
    }
    headers = {"Idempotency-Key": own_id}
    answer = await client.post(f"{connector.url}/requests.json", data=fields, headers=headers)
    check_answer(answer)
    return await _id_of(client, connector, _first(answer.json()))


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
