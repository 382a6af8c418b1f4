"""Whoever holds the phone: as whom they report, as whom they handle, and what of the city is theirs. Pure."""

from dataclasses import dataclass

from dashboard.accounts import Account, AccountRole


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person.

    Attributes
    ----------
    account : Account
    department : str or None
        Whose whistles are theirs: a handler's own, else that of the team.
    """

    account: Account
    department: str | None = None

    @property
    def team(self) -> int | None:
        """Whose tasks are theirs."""
        return self.account.team

    @property
    def own(self) -> str:
        """What is theirs alone is kept under: duty, whereabouts, reports."""
        return f"grid_worker:{self.account.username}"

    @property
    def sees(self) -> bool:
        """Whether they confirm and verify: a grid worker without a team, so that nobody verifies what they handled."""
        return self.account.role is AccountRole.GRID_WORKER and self.team is None

    def handles(self, team: int | None) -> bool:
        """Whether a case of this team is theirs to handle."""
        return self.account.department is not None or (self.team is not None and self.team == team)


def person_of(account: Account, department_of_team: str | None) -> Person:
    """The person of an account. ``department_of_team``: the department that the account's team belongs to."""
    return Person(account, account.department if account.department is not None else department_of_team)
