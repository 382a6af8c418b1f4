"""Roles and their limits, as values: rights, actors, scopes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.accounts import (
    Account,
    AccountRole,
    acting_as,
    actor_of,
    may,
    movers_of,
    require,
    rights,
    role_names,
    roles_with,
    scope_of,
    within,
)
from dashboard.rights_doc import rights_table
from dashboard.server import PAGES
from data.mirror.where import EVERYTHING, Where
from dispatch.states import transitions
from geo.errors import NeedleError

DOCUMENT = Path(__file__).parents[2] / "docs" / "accounts.md"
STREET = (("subdistrict", "131502002000"),)


def account(role: AccountRole, **more: object) -> Account:
    return Account(7, "li", "Li", role, **more)  # type: ignore[arg-type]


def test_the_document_shows_the_table() -> None:
    assert rights_table() in DOCUMENT.read_text(encoding="utf-8")


def test_every_role_has_a_name_and_every_page_a_right() -> None:
    assert list(role_names()) == list(AccountRole)
    assert {page.right for page in PAGES} <= rights().keys()
    assert all(right.roles for right in rights().values())


def test_somebody_may_make_every_move_that_people_make() -> None:
    for move in transitions().values():
        people = move.roles - {"system", "resident", "hotline", "camera", "sensor"}
        if people:
            assert roles_with(f"case.{move.action}"), move.action
            assert any(acting_as(role) for role in people)


@pytest.mark.parametrize(
    ("who", "actor"),
    [
        (account(AccountRole.OPERATOR), "operator:li"),
        (account(AccountRole.DISPATCHER), "dispatcher:li"),
        (account(AccountRole.HANDLER, department="cg01"), "department:cg01"),
        (account(AccountRole.GRID_WORKER, team=17), "team:17"),
        (account(AccountRole.GRID_WORKER), "grid_worker:li"),
        (account(AccountRole.SUPERVISOR, areas=STREET), "street:131502002000"),
        (account(AccountRole.SUPERVISOR), "shift_leader:li"),
    ],
)
def test_the_actor_is_the_account(who: Account, actor: str) -> None:
    assert actor_of(who) == (actor.partition(":")[0], actor)


@pytest.mark.parametrize(
    ("who", "action"),
    [
        (account(AccountRole.GRID_WORKER, team=17), "pass_check"),
        (account(AccountRole.GRID_WORKER), "finish"),
        (account(AccountRole.SUPERVISOR, areas=STREET), "rule"),
        (account(AccountRole.SUPERVISOR), "whistle"),
        (account(AccountRole.PLANNER), "dispatch"),
        (account(AccountRole.SCREEN), "remark"),
        (account(AccountRole.ADMIN), "sign"),
    ],
)
def test_nobody_acts_beyond_their_role(who: Account, action: str) -> None:
    with pytest.raises(NeedleError) as refused:
        actor_of(who, movers_of(action))
    assert refused.value.code == "account.forbidden"


def test_a_refusal_names_who_may() -> None:
    with pytest.raises(NeedleError) as refused:
        require(account(AccountRole.OPERATOR), "page.audit")
    assert "administrator" in refused.value.sentence("en")
    assert may(account(AccountRole.ADMIN), "page.audit")
    with pytest.raises(KeyError):
        may(account(AccountRole.ADMIN), "case.unheard_of")


codes = st.sampled_from(["1", "2", "3"])
wheres = st.builds(
    Where,
    areas=st.frozensets(st.tuples(st.sampled_from(["district", "subdistrict"]), codes)),
    departments=st.frozensets(codes),
    hands=st.frozensets(codes),
    teams=st.frozensets(st.integers(1, 3)),
)
accounts = st.one_of(
    st.builds(
        Account,
        st.just(1),
        st.just("a"),
        st.just("A"),
        st.just(AccountRole.OPERATOR),
        st.frozensets(codes).map(lambda own: tuple(("subdistrict", code) for code in sorted(own))),
    ),
    st.builds(Account, st.just(1), st.just("a"), st.just("A"), st.just(AccountRole.HANDLER), department=codes),
    st.builds(
        Account, st.just(1), st.just("a"), st.just("A"), st.just(AccountRole.GRID_WORKER), team=st.integers(1, 3)
    ),
)
places = st.fixed_dictionaries(
    {"district": codes, "subdistrict": codes, "department": codes, "helper": codes, "team": st.integers(1, 3)}
)


def fits(where: Where, place: dict[str, object]) -> bool:
    """The filter's meaning, said once more."""
    layers = {layer for layer, _ in where.areas}
    return (
        all((layer, place[layer]) in where.areas for layer in layers)
        and (not where.departments or place["department"] in where.departments)
        and where.hands <= {place["department"], place["helper"]}
        and (not where.teams or place["team"] in where.teams)
    )


@given(accounts, wheres, places)
def test_what_is_asked_within_a_scope_is_both(who: Account, asked: Where, place: dict[str, object]) -> None:
    assert fits(within(who, asked), place) == (fits(asked, place) and fits(scope_of(who), place))


@given(wheres)
def test_the_whole_city_is_asked_as_it_was_asked(asked: Where) -> None:
    assert within(account(AccountRole.ADMIN), asked) == asked
    assert scope_of(account(AccountRole.ADMIN)) == EVERYTHING
