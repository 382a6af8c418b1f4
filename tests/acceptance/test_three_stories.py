"""The book's three stories, from end to end across real processes: server, worker, deliverer, courier, portal, and a
department's own system with a store of its own. People come over HTTP with sessions of their own, residents over the portal.
"""

import io
import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from data.chain import verify
from data.cluster import Cluster
from data.database import connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.portal.mailbox import ROLE, make_in, upgrade
from data.stores.cases import load_events
from data.stores.deliveries import save_subscription, set_active
from data.stores.photos import PhotoFolder
from dispatch.case import fold
from dispatch.commands import Protocol
from dispatch.delivery.connectors import as_settings, parse_connector
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.ticking import tick
from tests.acceptance.country import Addresses, Case, Country
from tests.acceptance.people import People
from tests.patience import until

STALLS, RUBBISH = "2026:event:09006", "2026:event:06010"
ALWAYS_AT_WORK = """
delete from shift;
insert into shift (team_id, weekday, starts, ends)
select id, weekday, '00:00', '00:00' from team cross join generate_series(0, 6) as weekday;
update team set capacity = 200
"""
#: Where the city dispatched such a matter before: somebody has the power there.
SPOT = """
select ST_X(geom), ST_Y(geom), areas ->> 'subdistrict' from cases join matter on matter.id = matter_id
 where edition || ':' || kind || ':' || code = %s and team_id is not null and geom is not null
   and areas ? 'subdistrict' and not borders @? '$.*.ambiguous ? (@ == true)' order by cases.id limit 1
"""
WORKER = "grid_worker:zhao"
OTHER_WORKER = "grid_worker:wang"
_report = itertools.count()


@pytest.fixture(scope="module")
def country(cluster: Cluster) -> Iterator[Country]:
    """A block of the demo city, alive in six processes."""
    base = cluster.copy_database("template", "three_stories")
    load_reference(base)
    with connect(base) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), datetime.now(UTC))
        connection.execute(ALWAYS_AT_WORK)
    owner = make_in(cluster, "three_mailboxes")
    upgrade(owner)
    with TemporaryDirectory(prefix="needle-") as folder:
        country = Country(Addresses.over(base, owner, cluster.url("three_mailboxes", ROLE), Path(folder)))
        try:
            country.start()
            yield country
        finally:
            country.stop()
    cluster.drop_database("three_mailboxes")
    cluster.drop_database("three_stories")


def spot(country: Country, matter: str) -> tuple[float, float, str]:
    """Where such a matter is somebody's business: longitude, latitude (WGS 84), the street's code."""
    ((lng, lat, street),) = country.rows(SPOT, matter)
    return lng, lat, street


def reported_by_worker(country: Country, matter: str, words: str, lng: float, lat: float) -> Case:
    """A grid worker reports from the field; the platform opens the case and finds who has the power."""
    report = {
        "channel": "grid",
        "key": f"story-{next(_report)}",
        "reported_at": datetime.now(UTC).isoformat(),
        "matter": matter,
        "text": words,
        "lng": lng,
        "lat": lat,
        "crs": "wgs84",
        "reporter": {"worker": WORKER.partition(":")[2]},
    }
    receipt = country.ask(WORKER, "/api/reports", report)
    found = until(lambda: country.ask("admin", f"/api/reports/{receipt['id']}")["case_id"], "the case is opened")
    case = Case(country, found)
    assert case.read()["case"]["department_code"], "somebody has the power over it"
    return case


def verified_and_closed(case: Case, witness: str) -> None:
    """The centre sends the witness to look, who is nobody that handled it, and closes the case."""
    case.do("operator:li", "request_check")
    asked = case.read()["events"][-1]["payload"]["verifier"]
    assert asked == witness, "the one who saw it is asked to verify"
    case.do(witness, "pass_check", photos=["after"])
    case.do("operator:li", "close")


def history_is_whole(country: Country, case: Case, *, closed: bool = True) -> None:
    """The chain of events is unbroken, the row is its fold, and it was closed as often as it was opened."""
    with connect(country.at.base) as connection:
        events = load_events(connection, case.id)
    folded = fold(case.id, events)
    assert verify(events, folded.hash) is None
    assert case.read()["case"]["seq"] == folded.seq == len(events)
    actions = [event.action for event in events]
    assert actions.count("close") == actions.count("reopen") + closed


def test_the_street_whistles_and_departments_report(country: Country) -> None:
    """街道吹哨、部门报到."""
    lng, lat, street = spot(country, STALLS)
    case = reported_by_worker(country, STALLS, "夜市占道,油烟和消防都有问题", lng, lat)
    before = case.read()["case"]
    lead, team = before["department_code"], before["team_id"]
    helper, silent = (
        c for (c,) in country.rows("select code from department where code <> %s order by 1 limit 2", lead)
    )
    street_chief = f"street:{street}"
    board, calls, answers = whistles_of(country, street)
    case.do(f"team:{team}", "sign")
    case.do(f"team:{team}", "assign")

    # One pair of eyes is not enough: the street calls three departments at once, and says when to be there.
    arrive_by = datetime.now(UTC) + timedelta(seconds=6)
    case.do(
        street_chief,
        "whistle",
        "需要综合执法",
        purpose="joint_enforcement",
        departments=[lead, helper, silent],
        lead=lead,
        arrive_by=arrive_by.isoformat(),
    )
    assert whistles_of(country, street)[0] - board == Counter([case.id])

    # Two answer and report on the spot; each may speak for itself alone.
    for department in (lead, helper):
        case.do(f"department:{department}", "answer_whistle")
        case.do(f"department:{department}", "arrive", lng=lng, lat=lat, crs="wgs84", accuracy_m=10)
    assert case.try_to(f"department:{helper}", "finish_jointly") == "case.not_yours"
    assert case.try_to(f"department:{lead}", "finish_jointly") == "whistle.helpers_left"
    case.do(f"department:{helper}", "finish_part")

    # The third keeps silent: it is reminded, the level above is told, and an hour on it is supervised.
    def steps() -> list[int]:
        said = [event["payload"] for event in case.read()["events"] if event["action"] in ("remind", "supervise")]
        assert all(payload["departments"] == [silent] for payload in said if payload.get("about") == "whistle")
        return [payload["stage"] for payload in said if payload.get("about") == "whistle"]

    until(lambda: 2 in steps(), "silence is told to the level above")
    with connect(country.at.base) as connection:
        while tick(connection, Protocol(), datetime.now(UTC) + timedelta(days=5)):
            connection.commit()
    assert steps()[-1] == 3

    # The centre orders it out; with every part done the lead reports, and the street alone ends the whistle.
    case.do("centre:01", "order_response", "逾时未应,区级裁定", department=silent)
    case.do(f"department:{silent}", "arrive", lng=lng + 0.0005, lat=lat, crs="wgs84", accuracy_m=10)
    case.do(f"department:{silent}", "finish_part")
    case.do(f"department:{lead}", "finish_jointly")
    assert case.try_to(f"department:{lead}", "confirm") == "whistle.street_confirms"
    case.do(street_chief, "confirm")
    verified_and_closed(case, WORKER)

    parties = country.rows(
        "select department_code, lead, state, arrived_at is not null, distance_m < 100 from whistle_party"
        " where case_id = %s order by not lead, department_code",
        case.id,
    )
    rest = sorted((helper, silent))
    assert parties == [(lead, True, "finished", True, True), *((code, False, "finished", True, True) for code in rest)]
    _, calls_now, answers_now = whistles_of(country, street)
    names = dict(country.rows("select code, name_zh from department"))
    scored = {c: difference(answers_now[names[c]], answers.get(names[c], [0, 0])) for c in (lead, helper, silent)}
    assert scored == {lead: [1, 1], helper: [1, 1], silent: [0, 1]}
    assert calls_now - calls == 1, "both sides are scored"
    history_is_whole(country, case)


def whistles_of(country: Country, street: str) -> tuple[Counter[int], int, dict[str, list[int]]]:
    """Cases on a street's board, how often streets whistled, and each department's answers in time, of how many."""
    board = country.ask(f"street:{street}", f"/api/whistles?street={street}")["cards"]
    scores = country.ask("centre:01", "/api/whistles/scores")
    answers = {row["name"]: row["answered"] for row in scores["departments"]}
    return Counter(card["case"] for card in board), sum(row["whistles"] for row in scores["streets"]), answers


def difference(now: list[int], before: list[int]) -> list[int]:
    """What was added."""
    return [one - other for one, other in zip(now, before, strict=True)]


def test_who_sees_it_and_who_may_act(country: Country) -> None:
    """看得见、管不着: a department's own system does it, and who saw it verifies."""
    lng, lat, _ = spot(country, RUBBISH)
    department = reported_by_worker(country, RUBBISH, "先看一眼这里归谁管", lng, lat).read()["case"]["department_code"]
    connector = parse_connector(
        f"""
        name = "own system"
        kind = "open311"
        url = "{country.at.department}/open311/v2"
        department = "{department}"
        secret = "department"
        updates = true
        [services]
        "2026:*" = "WORK"
        """
    )
    with connect(country.at.base) as connection:
        save_subscription(connection, connector.name, "open311", department, as_settings(connector))
    case = reported_by_worker(country, RUBBISH, "墙角垃圾成堆,我没有执法权", lng, lat)
    assert case.read()["case"]["department_code"] == department
    assert case.try_to(WORKER, "sign") in ("case.role", "account.forbidden"), "who sees it has no power over it"

    # Its system takes the case over Open311, works on it, says so, and reports it done.
    case.until("answered")
    asked = country.client.get(f"{country.at.department}/count").text
    assert asked == "1"
    by_department = [action for actor, action in case.story() if actor == f"department:{department}"]
    assert [action for action in by_department if action != "remark"] == ["sign", "assign", "finish", "confirm"]
    until(lambda: (f"department:{department}", "remark") in case.story(), "its words come along")
    assert case.read()["case"]["state"] == "answered", "done, and not yet closed: somebody else has to see it"

    verified_and_closed(case, WORKER)
    assert [action for _, action in case.story() if action != "remark"] == [
        *("submit", "accept", "file", "dispatch", "sign", "assign", "finish", "confirm"),
        *("request_check", "pass_check", "close"),
    ]
    until(lambda: country.rows("select count(*) from delivery where delivered_at is null") == [(0,)], "all delivered")
    assert country.client.get(f"{country.at.department}/count").text == "1", "asked once"
    history_is_whole(country, case)
    with connect(country.at.base) as connection:
        set_active(connection, connector.name, active=False)


def photo() -> bytes:
    """A JPEG from a phone, with a secret in its EXIF."""
    picture = Image.new("RGB", (320, 240), (120, 110, 60))
    exif = picture.getexif()
    exif[0x010E] = "where I live"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def done_again(case: Case) -> None:
    """The department's people do it, a grid worker looks, the centre closes."""
    before = case.read()["case"]
    team, department = f"team:{before['team_id']}", f"department:{before['department_code']}"
    case.do(team, "sign")
    case.do(team, "assign")
    case.do(team, "finish", photos=["after"])
    case.do(department, "confirm")
    case.do("operator:li", "request_check", verifier=OTHER_WORKER)
    case.do(OTHER_WORKER, "pass_check", photos=["seen"])
    case.do("operator:li", "close")


def test_a_resident_reports_follows_and_is_not_content(country: Country) -> None:
    """居民反映: sealed mail, "me too", the promised time, "not solved", and both are told."""
    lng, lat, _ = spot(country, RUBBISH)
    first, second = country.resident("E6QN9PDKJ1YHTEX435B0"), country.resident("7Z7Z7Z7Z7Z7Z7Z7Z7Z7Z")
    first.report("楼下垃圾两天没清,有臭味", lng, lat, photo(), matter=RUBBISH)
    promised = first.until("dispatched")
    assert promised["matter"]["zh"] == "暴露垃圾"
    assert promised["due"] > datetime.now(UTC).timestamp(), "the promised time"
    assert promised["steps"][0][1] == "reported"
    ((main_id, digest, said),) = country.rows(
        "select case_id, body -> 'photos' ->> 0, body ->> 'text' from report join cases on cases.id = case_id where number = %s",
        promised["number"],
    )
    assert said == "楼下垃圾两天没清,有臭味"
    assert b"where I live" not in PhotoFolder(country.at.home / "photos").path_of(digest).read_bytes()

    # A neighbour says "me too"; the desk finds the two alike, and makes one case of them.
    second.report("我家楼下也是", lng, lat, photo(), matter=RUBBISH, me_too=True)
    theirs = second.until("dispatched")
    ((other_id,),) = country.rows("select id from cases where number = %s", theirs["number"])
    main, other = Case(country, main_id), Case(country, other_id)
    alike = country.ask("operator:li", f"/api/desk/cases/{other_id}/duplicates")
    assert str(main_id) in str(alike)
    other.do("operator:li", "merge", "同一处垃圾", main_case=main_id)

    done_again(main)
    assert first.until("closed")["reopen_until"] > datetime.now(UTC).timestamp()
    second.until("closed")

    # It is not solved. Saying so twice by a hurried thumb reopens it once, and both read it.
    for _ in range(2):
        first.not_solved("今天早上又满了", "c0ffee" + "0" * 26)
    first.until("reopened")
    second.until("reopened")
    reopened = main.read()["events"][-1]
    assert (reopened["action"], reopened["payload"]["reason"]) == ("reopen", "今天早上又满了")
    receiver = {key: main.read()["case"][column] for key, column in (("department", "department_code"),)}
    team = main.read()["tasks"][-1]["team_id"]
    main.do("dispatcher:01", "redispatch", **receiver, team=team)
    done_again(main)
    assert first.until("closed")["closed"] == second.until("closed")["closed"]
    assert country.rows("select count(*) from case_event where case_id = %s and action = 'reopen'", main_id) == [(1,)]
    assert other.state == "merged"
    history_is_whole(country, main)


@pytest.mark.browser
def test_a_resident_reports_and_everybody_does_their_part_on_a_page_of_their_own(
    country: Country, browser: Browser
) -> None:
    """居民反映, as the people in it see it: nobody speaks HTTP, everybody looks, taps and presses keys."""
    lng, lat, _ = spot(country, RUBBISH)
    people = People(browser, country, lng, lat, photo())
    ((name,),) = country.rows("select name_zh from matter where edition || ':' || kind || ':' || code = %s", RUBBISH)
    with people.at(f"{country.at.portal}/report", phone=True) as resident:
        resident.click("#locate")
        expect(resident.locator("#place-told")).to_contain_text("12")
        resident.fill("#search", name)
        resident.locator("#hits button").first.click()
        resident.fill("#words-field", "单元门口垃圾成堆")
        resident.set_input_files("#photo", people.picture)
        resident.wait_for_selector("#photos img")
        resident.click("#send")
        resident.click("#follow")
        now = resident.locator("#story .now")
        query = "select case_id from report where body ->> 'text' = '单元门口垃圾成堆' and case_id is not null"
        ((case_id,),) = until(lambda: country.rows(query), "the case is opened")
        case = Case(country, case_id)
        case.until("dispatched")
        expect(now).to_contain_text("已派给处理部门")

        before = case.read()["case"]
        people.works_on(before["team_id"], case_id)
        people.confirms(before["department_code"], case_id)
        people.moves("operator:li", case_id, "request_check", "v", "checking")
        people.verifies(case.read()["events"][-1]["payload"]["verifier"], case_id)
        people.moves("operator:li", case_id, "close", "c", "closed")
        expect(now).to_contain_text("已结案")

        # The resident looks out of the window: it is not solved.
        resident.fill("#why", "今天早上又满了")
        resident.click("#unsolved button")
        expect(now).to_contain_text("已按您的反馈重新办理")
        case.until("reopened")
    assert people.problems == []
    assert [action for _, action in case.story()] == [
        *("submit", "accept", "file", "dispatch", "sign", "assign", "remark", "finish", "confirm"),
        *("request_check", "pass_check", "close", "reopen"),
    ]
    history_is_whole(country, case, closed=False)
