"""Letters that nobody could file, over HTTP: who may see them, what is said of them, what becomes of them."""

import httpx
import pytest

from data.cluster import Cluster
from data.database import connect

MAIL = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def parked(api: httpx.Client, cluster: Cluster) -> httpx.Client:
    """The API, with one letter parked."""
    with connect(cluster.url("wall_copy")) as connection:
        connection.execute(
            "insert into parked_letter (mail_id, kind, key_id, sealed, received_at, reason, detail)"
            " values (%s, 'answer', 'k', 'a secret', now(), 'letter.invalid', '{\"part\": \"json\"}')",
            [MAIL],
        )
    return api


def test_a_parked_letter_is_listed_tried_again_and_put_aside(parked: httpx.Client) -> None:
    said = parked.get("/api/letters", params={"lang": "en"})
    assert "secret" not in said.text
    (letter,) = said.json()["letters"]
    assert (letter["id"], letter["reason"]) == (MAIL, "The letter opens and makes no sense (json).")
    assert said.json()["counts"]["parked"] == 1
    assert "不合格式" in parked.get("/api/letters").json()["letters"][0]["reason"]
    assert parked.post(f"/api/letters/{MAIL}/retry").json() == {"tried": 1}
    assert parked.post(f"/api/letters/{MAIL}/retry").status_code == 404, "it is on its way already"
    assert parked.get("/api/letters").json()["letters"][0]["asked"]
    assert parked.post("/api/letters/retry").json() == {"tried": 0}
    assert parked.post(f"/api/letters/{MAIL}/settle").json() == {"settled": 1}
    assert parked.post(f"/api/letters/{MAIL}/settle").status_code == 404
    assert parked.get("/api/letters").json()["letters"] == []


@pytest.mark.parametrize(("actor", "sees", "acts"), [("operator:li", 200, 403), ("team:1", 403, 403)])
def test_only_some_may(parked: httpx.Client, actor: str, sees: int, acts: int) -> None:
    headers = {"X-Actor": actor}
    assert parked.get("/api/letters", headers=headers).status_code == sees
    assert parked.post(f"/api/letters/{MAIL}/retry", headers=headers).status_code == acts
