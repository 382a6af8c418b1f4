"""Forms over HTTP: begun, checked, published, answered, reviewed, exported; and what each account sees of them."""

import asyncio
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas
import httpx
import openpyxl
import pytest
from psycopg.types.json import Jsonb

from data.cluster import Cluster
from data.database import Connection, connect, open_pool
from data.stores import answer_filing
from data.stores.forms import load_version
from forms.public_map import sheet_of
from forms.templates import template, templates
from forms.xlsform.as_json import to_json
from forms.xlsform.compiling import import_form
from forms.xlsform.exporting import export_form
from forms.xlsform.model import FormDefinition, Question
from forms.xlsform.publishing import keep_submission
from forms.xlsform.submission import read_submission
from forms.xlsform.xform import read_xform
from tests.patience import until

SHANGHAI = ZoneInfo("Asia/Shanghai")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


@pytest.fixture
def api(served: str) -> Iterator[httpx.Client]:
    """The API, as an administrator of the whole city."""
    with httpx.Client(base_url=served) as client:
        yield client


@pytest.fixture
def stored(cluster: Cluster, served: str) -> Iterator[Connection]:
    """A connection to the same database."""
    assert served
    with connect(cluster.url("wall_copy"), autocommit=True) as connection:
        yield connection


def begin(api: httpx.Client, **said: str) -> int:
    answer = api.post("/api/forms/drafts", json=said)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def publish(api: httpx.Client, draft: int, **areas: Any) -> str:
    answer = api.post(f"/api/forms/drafts/{draft}/publish", json=areas)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["key"])


def visit(number: int, spot: str, state: str, needs: str) -> str:
    """A filled-in sweep for hazards: where, how bad, and two hazards."""
    return f"""<data xmlns:orx="http://openrosa.org/xforms" id="hazard_sweep" version="1"><spot>{spot}</spot>
      <address>3-2-{number}</address><place_kind>{state}</place_kind><residents>{number}</residents>
      <gas><uses_gas>yes</uses_gas><gas_faults>{needs}</gas_faults></gas>
      <hazard><kind>charging</kind><level>high</level><detail/><photo/><fixed>no</fixed><fix_by>2026-12-01</fix_by></hazard>
      <hazard><kind>corridor</kind><level>low</level><detail/><photo/><fixed>yes</fixed><fix_by/></hazard>
      <contact>=1+1</contact><phone/><meta><orx:instanceID>uuid:{number}</orx:instanceID></meta></data>"""


@pytest.fixture
def answered(api: httpx.Client, stored: Connection) -> str:
    """A form of the whole city with three answers, two of them in different subdistricts; its key."""
    key = publish(api, begin(api, template="hazard_sweep"))
    spots = stored.execute(
        "select st_y(p) || ' ' || st_x(p) from (select st_pointonsurface(geom) p, code from area join generation g"
        " on g.id = generation_id and valid_to is null where layer = 'community' order by code) x"
    ).fetchall()
    version = load_version(stored, key)
    for number, (spot, kind) in enumerate([(spots[0][0], "home"), (spots[-1][0], "rented"), ("", "home")], 1):
        keep_submission(stored, version, visit(number, spot, kind, "hose valve" if number < 3 else "none"), SHANGHAI)
    return key


def test_every_template_becomes_a_form_that_can_be_asked(api: httpx.Client) -> None:
    listed = api.get("/api/forms").json()
    assert [each["key"] for each in listed["templates"]] == [each.key for each in templates()]
    for each in templates():
        draft = api.get(f"/api/forms/drafts/{begin(api, template=each.key)}").json()
        assert draft["problems"] == []
        assert publish(api, draft["id"]) == each.key
    listed = api.get("/api/forms", params={"lang": "en"}).json()
    assert {form["key"] for form in listed["forms"]} == {each.key for each in templates()}
    assert {form["state"] for form in listed["forms"]} == {"ready"}
    assert listed["drafts"] == []
    assert begin(api, template="household") > 0
    assert api.get("/api/forms").json()["drafts"][0]["title"] == "家庭基本情况登记"


def test_a_form_from_excel_is_the_same_form_afterwards(api: httpx.Client) -> None:
    before = template("elderly_visit").form
    answer = api.post("/api/forms/drafts/upload", params={"name": "走访.xlsx"}, content=export_form(before))
    draft = answer.json()["id"]
    assert api.get(f"/api/forms/drafts/{draft}").json()["content"] == to_json(before)
    file = api.get(f"/api/forms/drafts/{draft}/file.xlsx")
    assert import_form(file.content).definition == before
    key = publish(api, draft)
    assert import_form(api.get(f"/api/forms/of/{key}/file.xlsx").content).definition.children == before.children


def test_what_is_wrong_with_a_file_is_said_with_its_row(api: httpx.Client) -> None:
    wrong = FormDefinition("f", "F", children=(Question("a", (("", "A"),)), Question("b", (("", "B"),), type="txt")))
    answer = api.post("/api/forms/drafts/upload", content=export_form(wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "form.type_unknown")
    assert "第 3 行" in answer.json()["zh"]
    spot = answer.json()["spot"]
    assert (spot["sheet"], spot["row"], spot["column"]) == ("survey", 3, "type")
    meant = next(line for line in spot["lines"] if line["row"] == 3)
    assert meant["cells"][spot["columns"].index("type")] == "txt"
    assert api.post("/api/forms/drafts/upload", content=b"no form").json()["code"] == "form.not_a_form"
    assert api.get("/api/forms").json()["drafts"] == []


def test_a_draft_is_saved_checked_and_not_overwritten(api: httpx.Client) -> None:
    draft = api.get(f"/api/forms/drafts/{begin(api)}").json()
    assert [problem["code"] for problem in draft["problems"]] == ["form.no_questions"]
    content = draft["content"]
    content["children"] = [
        {"name": "age", "type": "integer", "relevant": "${nobody} = 1", "labels": [["中文 (zh)", "年龄"]]}
    ]
    saved = api.put(f"/api/forms/drafts/{draft['id']}", json={"content": content, "revision": draft["revision"]}).json()
    assert [(each["code"], each["place"]) for each in saved["problems"]] == [("form.reference_unknown", [0])]
    stale = api.put(f"/api/forms/drafts/{draft['id']}", json={"content": content, "revision": draft["revision"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "form.draft_changed")
    refused = api.post(f"/api/forms/drafts/{draft['id']}/publish", json={})
    assert refused.json()["code"] == "form.reference_unknown"
    broken = api.put(f"/api/forms/drafts/{draft['id']}", json={"content": {"children": [7]}, "revision": 2})
    assert broken.json()["code"] == "form.draft_broken"
    assert api.delete(f"/api/forms/drafts/{draft['id']}").status_code == 200
    assert api.get(f"/api/forms/drafts/{draft['id']}").json()["code"] == "form.draft_unknown"


def test_the_next_version_of_a_form_begins_with_the_last(api: httpx.Client, answered: str, stored: Connection) -> None:
    draft = api.get(f"/api/forms/drafts/{begin(api, form=answered)}").json()
    assert (draft["of"], draft["content"]["version"]) == (answered, "2")
    content = draft["content"]
    content["children"] = [child for child in content["children"] if child["name"] != "residents"]
    api.put(f"/api/forms/drafts/{draft['id']}", json={"content": content, "revision": draft["revision"]})
    assert publish(api, draft["id"]) == answered
    about = api.get(f"/api/forms/of/{answered}").json()
    assert about["number"] == 2
    assert [question["name"] for question in about["questions"] if question["retired"]] == ["residents"]
    rows = api.get(f"/api/forms/of/{answered}/answers").json()["rows"]
    assert {row["values"]["residents"] for row in rows} == {1, 2, 3}


def test_answers_are_filtered_sorted_and_paged(api: httpx.Client, answered: str) -> None:
    def ids(**asked: Any) -> list[int]:
        rows = api.get(f"/api/forms/of/{answered}/answers", params=asked).json()["rows"]
        return [row["values"]["residents"] for row in rows]

    def paged(sort: str) -> list[int]:
        found, after = [], None
        while True:
            asked = {"sort": sort, "limit": "1"} | ({"after": after} if after else {})
            said = api.get(f"/api/forms/of/{answered}/answers", params=asked).json()
            found += [row["values"]["residents"] for row in said["rows"]]
            after = said["next"]
            if after is None:
                return found

    assert ids(sort="a.residents") == [1, 2, 3]
    assert paged("-a.residents") == [3, 2, 1]
    assert ids(sort="a.residents", **{"a.place_kind": "home"}) == [1, 3]
    assert ids(sort="a.residents", **{"a.gas_faults": "valve"}) == [1, 2]
    assert ids(q="3-2-2") == [2]
    assert ids(review="approved") == []
    assert ids(**{"from": "2000-01-01", "to": "2000-01-02"}) == []
    assert api.get(f"/api/forms/of/{answered}/answers", params={"from": "soon"}).json()["code"] == "filter.invalid"
    for after in ("soon", '["soon",1]', "[1]"):
        wrong = api.get(f"/api/forms/of/{answered}/answers", params={"sort": "received", "after": after})
        assert wrong.json()["code"] == "filter.invalid"
    row = api.get(f"/api/forms/of/{answered}/answers", params={"sort": "a.residents", "lang": "en"}).json()["rows"][0]
    assert row["values"]["place_kind"] == "Lived in by the owner"


def test_answers_together(api: httpx.Client, answered: str) -> None:
    said = api.get(f"/api/forms/of/{answered}/summary", params={"lang": "en"}).json()
    charts = {(chart["sheet"], chart["name"]): chart for chart in said["charts"]}
    kinds = charts["/data", "place_kind"]["values"]
    assert [[value, n] for value, _, n in kinds if n] == [["home", 2], ["rented", 1]]
    assert len(kinds) == 5
    residents = charts["/data", "residents"]
    assert (residents["least"], residents["most"], residents["mean"], sum(residents["bins"])) == (1, 3, 2, 3)
    assert charts["/data/hazard", "kind"]["answered"] == 6
    assert charts["/data/hazard", "fix_by"]["days"] == [["2026-12-01", 3]]
    assert len(said["points"]) == 2
    assert sum(count for _, count in said["came"]) == 3
    one = api.get(f"/api/forms/of/{answered}/summary", params={"a.place_kind": "rented"}).json()
    assert len(one["points"]) == 1


def test_one_answer_is_read_and_reviewed(api: httpx.Client, answered: str, stored: Connection) -> None:
    rows = api.get(f"/api/forms/of/{answered}/answers", params={"sort": "a.residents"}).json()["rows"]
    address = f"/api/forms/of/{answered}/answers/{rows[0]['id']}"
    one = api.get(address).json()
    assert [row["values"][0]["value"] for row in one["said"]["repeats"][0]["rows"]] == [
        "飞线充电、电动车进楼",
        "楼道堆物、堵塞通道",
    ]
    review = {"ids": [rows[0]["id"], 999_999], "state": "issue", "note": "电话缺失"}
    assert api.post(f"/api/forms/of/{answered}/review", json=review).json() == {"marked": [rows[0]["id"]]}
    one = api.get(address).json()
    assert (one["review"], one["reviews"][0]["note"], one["reviews"][0]["who"]) == ("issue", "电话缺失", "admin")
    assert api.get(f"/api/forms/of/{answered}/counts").json() == {"received": 2, "issue": 1}
    audited = stored.execute("select actor, object from audit_entry where action = 'answer.review'").fetchall()
    assert audited == [("admin", f"form:{answered}")]
    assert api.post(f"/api/forms/of/{answered}/review", json={"ids": [1], "state": "lost"}).status_code == 422
    assert api.get(f"/api/forms/of/{answered}/answers/999999").json()["code"] == "form.answer_unknown"


def test_notes_of_a_form_stand_in_no_way_of_its_answers(api: httpx.Client, stored: Connection) -> None:
    draft = api.get(f"/api/forms/drafts/{begin(api)}").json()
    content = draft["content"] | {
        "children": [
            {"name": "hello", "type": "note", "labels": [["中文 (zh)", "您好"]]},
            {"name": "age", "type": "integer", "labels": [["中文 (zh)", "年龄"]]},
        ]
    }
    api.put(f"/api/forms/drafts/{draft['id']}", json={"content": content, "revision": draft["revision"]})
    key = publish(api, draft["id"])
    version = load_version(stored, key)
    text = f'<data id="{key}" version="{version.version}"><hello/><age>7</age><meta><instanceID>uuid:n</instanceID></meta></data>'
    keep_submission(stored, version, text, SHANGHAI)
    (row,) = rows_of(api, key)
    assert row["values"] == {"age": 7}
    one = api.get(f"/api/forms/of/{key}/answers/{row['id']}").json()
    assert [value["value"] for value in one["said"]["values"]] == [7]
    assert api.get(f"/api/forms/of/{key}/summary").status_code == 200


def test_what_a_sender_edited_is_marked_and_what_was_said_before_is_shown(
    api: httpx.Client, answered: str, stored: Connection, cluster: Cluster
) -> None:
    (answer,) = [row["id"] for row in rows_of(api, answered) if row["values"]["residents"] == 3]
    api.post(f"/api/forms/of/{answered}/review", json={"ids": [answer], "state": "approved", "note": "电话核实"})
    text = visit(3, "", "rented", "none").replace("uuid:3", "uuid:4").replace("<residents>3", "<residents>5")
    text = re.sub(r"<hazard><kind>corridor.*?</hazard>", "", text)
    asyncio.run(edit(cluster.url("wall_copy"), answered, answer, text))
    (row,) = rows_of(api, answered, edited="1")
    assert (row["id"], row["edits"], row["review"], row["values"]["residents"]) == (answer, 1, "received", 5)
    one = api.get(f"/api/forms/of/{answered}/answers/{answer}", params={"lang": "en"}).json()
    (edit_,) = one["edited_by"]
    assert (edit_["who"], edit_["was"]) == (None, "approved")
    said = [(change["label"], change["before"], change["after"]) for change in edit_["changes"]]
    assert (3, 5) in [(before, after) for _, before, after in said]
    assert "Lived in by the owner" in [before for _, before, _ in said]
    gone = [after for label, _, after in said if label.startswith("Hazard 2 · ")]
    assert gone
    assert set(gone) == {None}
    assert not [label for label, *_ in said if label.startswith("Hazard 1")]
    assert one["reviews"][0]["note"] == "电话核实"
    assert rows_of(api, answered, **{"a.residents": "3"}) == []


def rows_of(api: httpx.Client, form: str, **asked: str) -> list[dict[str, Any]]:
    """The table of a form's answers."""
    rows: list[dict[str, Any]] = api.get(f"/api/forms/of/{form}/answers", params={"lang": "en", **asked}).json()["rows"]
    return rows


async def edit(url: str, form: str, answer: int, text: str) -> None:
    """Its sender edits an answer."""
    async with open_pool(url) as pool, answer_filing.writing(pool) as connection:
        asked = await answer_filing.load_asked(connection, form, "1")
        assert asked is not None
        said = read_submission(read_xform(asked.xform), text, SHANGHAI)
        at = datetime.now(UTC)
        new = answer_filing.NewAnswer(said.instance_id, text, "/data", said.answers, at, replaces=answer)
        await answer_filing.keep_answers(connection, asked, [new])


def test_a_street_reads_the_answers_of_its_own_area(api: httpx.Client, answered: str, stored: Connection) -> None:
    """Of a form of the whole city; it may not change that form, nor publish beyond itself."""
    row = stored.execute(
        "select areas ->> 'subdistrict', count(*) from form_submission where areas <> '{}' group by 1 order by 1 limit 1"
    ).fetchone()
    assert row is not None
    code, own = row
    street = {"X-Actor": f"street:{code}"}
    seen = api.get(f"/api/forms/of/{answered}/answers", headers=street).json()
    assert len(seen["rows"]) == own < 3
    assert sum(api.get(f"/api/forms/of/{answered}/counts", headers=street).json().values()) == own
    assert len(api.get(f"/api/forms/of/{answered}/summary", headers=street).json()["points"]) == own
    mine = {row["id"] for row in seen["rows"]}
    others = [row["id"] for row in api.get(f"/api/forms/of/{answered}/answers").json()["rows"] if row["id"] not in mine]
    hidden = api.get(f"/api/forms/of/{answered}/answers/{others[0]}", headers=street)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "form.answer_unknown")
    told = api.post(f"/api/forms/of/{answered}/review", headers=street, json={"ids": others, "state": "approved"})
    assert told.json() == {"marked": []}
    refused = api.post("/api/forms/drafts", headers=street, json={"form": answered})
    assert refused.json()["code"] == "form.taken"
    draft = int(api.post("/api/forms/drafts", headers=street, json={"template": "flood_check"}).json()["id"])
    beyond = api.post(
        f"/api/forms/drafts/{draft}/publish", headers=street, json={"layer": "subdistrict", "codes": ["x"]}
    )
    assert beyond.json()["code"] == "form.area_beyond"
    assert api.post(f"/api/forms/drafts/{draft}/publish", headers=street, json={}).status_code == 200
    department = stored.execute("select code from department order by code limit 1").fetchone()
    assert department is not None
    assert api.get("/api/forms", headers={"X-Actor": f"department:{department[0]}"}).status_code == 403


def test_a_page_stands_at_every_address_of_its_room(api: httpx.Client) -> None:
    for path in ("/forms", "/forms/hazard_sweep", "/forms/7/edit"):
        assert api.get(path).status_code == 200
    assert api.get("/whistles/7").status_code == 404


def test_answers_leave_as_files_with_their_repeats(api: httpx.Client, answered: str, tmp_path: Path) -> None:
    def file(kind: str, **asked: str) -> bytes:
        begun = api.post(f"/api/forms/of/{answered}/files", params={"format": kind, **asked})
        assert begun.status_code == 202, begun.text
        at = f"/api/forms/of/{answered}/files/{begun.json()['id']}"
        until(lambda: api.get(at).json()["ready"], "the file to be whole")
        told = api.get(at).json()
        assert told["done"] == told["total"] == begun.json()["total"]
        answer = api.get(f"{at}/file")
        assert answer.status_code == 200, answer.text
        return answer.content

    book = openpyxl.load_workbook(BytesIO(file("xlsx", lang="en")))
    assert book.sheetnames == ["安全隐患排查", "Hazard"]
    assert [row[0].value for row in book["Hazard"].iter_rows(min_row=2)] == sorted([1, 2, 3] * 2)
    contacts = [cell.value for cell in list(book.worksheets[0].columns)[-2]]
    assert contacts[1:] == ["'=1+1"] * 3
    with zipfile.ZipFile(BytesIO(file("csv"))) as packed:
        assert packed.namelist() == ["answers.csv", "hazard.csv"]
        assert packed.read("answers.csv").decode("utf-8-sig").count("\r\n") == 4
    (tmp_path / "a.gpkg").write_bytes(file("gpkg", **{"a.place_kind": "home"}))
    points = geopandas.read_file(tmp_path / "a.gpkg", layer="answers")
    assert (len(points), points.geometry.notna().sum(), points.crs.to_epsg()) == (2, 1, 4326)
    assert len(geopandas.read_file(tmp_path / "a.gpkg", layer="hazard")) == 4
    assert api.post(f"/api/forms/of/{answered}/files?format=pdf").json()["code"] == "export.unknown_format"
    assert api.delete(f"/api/forms/of/{answered}/files/nobodys").json()["code"] == "export.unknown"


def test_a_draft_is_tried_out_in_a_frame_that_speaks_to_nobody(api: httpx.Client) -> None:
    draft = api.get(f"/api/forms/drafts/{begin(api, template='flood_check')}").json()
    assert draft["paper"]["html"].startswith("<form")
    assert draft["paper"]["languages"] == ["zh", "en"]
    frame = api.get("/api/forms/preview", params={"lang": "en"})
    assert frame.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in frame.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    city = api.get("/api/forms/preview/ground/papers/city.json").json()
    x, y = sheet_of((city["west"] + city["east"]) / 2, (city["south"] + city["north"]) / 2)
    streets, houses = (
        api.get(f"/api/forms/preview/ground/sheets/{kind}/{x}/{y}.json").json() for kind in ("sketch", "doors")
    )
    assert streets
    assert all(0 <= h[0] < 4096 and 0 <= h[1] < 4096 and h[2] for h in houses)
    assert len(houses) > 10
    assert api.get(f"/api/forms/preview/ground/sheets/around/{x}/{y}.json").status_code == 422
    script = re.search(r'src="(/api/forms/preview/built/[\w.-]+\.mjs)"', frame.text)
    assert script is not None
    assert api.get(script[1]).status_code == 200
    draft["content"]["children"][0]["relevant"] = "${nobody} = 1"
    saved = api.put(f"/api/forms/drafts/{draft['id']}", json={"content": draft["content"], "revision": 1}).json()
    assert saved["paper"] is None
    assert saved["problems"]


def test_what_the_registry_knows_is_offered_to_be_filled_in_before(api: httpx.Client, stored: Connection) -> None:
    for phone in ("13000000001", None):
        golden = {"name": {"value": "王芳"}} | ({"phone": {"value": phone}} if phone else {})
        number = stored.execute(
            """insert into registry_entity (code, kind, root_id, golden)
               values (%s, 'person', currval(pg_get_serial_sequence('registry_entity', 'id')), %s) returning id""",
            (f"code-{phone}", Jsonb(golden)),
        ).fetchone()
        assert number is not None
    draft = api.get(f"/api/forms/drafts/{begin(api)}").json()
    content = draft["content"] | {
        "children": [
            {"name": "who", "type": "text", "labels": [["中文 (zh)", "姓名"]], "needle_field": "person.name"},
            {"name": "call", "type": "text", "labels": [["中文 (zh)", "手机号"]]},
            {"name": "wish", "type": "text", "labels": [["中文 (zh)", "意见"]]},
        ]
    }
    told = api.put(f"/api/forms/drafts/{draft['id']}", json={"content": content, "revision": 1}).json()["overlap"]
    assert (told["base"], told["asked"], told["people"], told["saved"]) == ("registry", 3, 2, 3)
    assert [(each["question"], each["share"], each["bound"]) for each in told["known"]] == [
        ("who", 1.0, True),
        ("call", 0.5, False),
    ]


def test_pictures_of_a_form_are_kept_shown_and_published(api: httpx.Client, stored: Connection) -> None:
    form = FormDefinition(
        "pictures", "Pictures", languages=("中文 (zh)",), default_language="中文 (zh)",
        children=(Question("a", (("中文 (zh)", "甲"),), more=(("image::中文 (zh)", "屋顶 1.png"),)),),
    )  # fmt: skip
    draft = api.post("/api/forms/drafts/upload", content=export_form(form)).json()["id"]
    at = f"/api/forms/drafts/{draft}"
    assert [problem["code"] for problem in api.get(at).json()["problems"]] == ["form.media_missing"]
    assert api.post(f"{at}/publish", json={}).json()["code"] == "form.media_missing"
    assert api.put(f"{at}/media/x.png", content=b"no picture").json()["code"] == "form.media_type"
    assert api.put(f"{at}/media/x.png", content=PNG + bytes(4 << 20)).json()["code"] == "form.media_large"
    kept = api.put(f"{at}/media/屋顶 1.png", content=PNG).json()["media"]
    assert kept == [{"name": "屋顶 1.png", "type": "image/png", "bytes": len(PNG)}]
    told = api.get(at).json()
    assert told["problems"] == []
    shown = re.search(rf'src="({at}/media/of/[0-9a-f]{{64}}\.png)"', told["paper"]["html"])
    assert shown is not None
    assert api.get(shown[1]).content == PNG
    api.put(f"{at}/media/unused.png", content=PNG + b"more")
    assert publish(api, draft) == "pictures"
    (media,) = stored.execute("select media from form_version").fetchone() or ({},)
    assert list(media) == ["屋顶 1.png"]
    again = api.get(f"/api/forms/drafts/{begin(api, form='pictures')}").json()
    assert (again["problems"], [each["name"] for each in again["media"]]) == ([], ["屋顶 1.png"])
    assert api.delete(f"/api/forms/drafts/{again['id']}/media/屋顶 1.png").json() == {"media": []}
