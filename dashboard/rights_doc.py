"""The table of rights as ``docs/accounts.md`` shows it; a test holds the two together."""

from dashboard.accounts import AccountRole, rights, role_names


def rights_table() -> str:
    """A line a right, a column a role, in Markdown."""
    names = [role_names()[role][1] for role in AccountRole]
    head = ["right", *names]
    lines = [head, ["---"] * len(head)]
    for name, right in rights().items():
        lines.append([f"`{name}` {right.zh}", *("●" if role in right.roles else "" for role in AccountRole)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
