"""The states in which a case is somebody's open task: shared by the fold of a case and by the demo city's history."""

WORKING_STATES = frozenset(
    {
        "dispatched",
        "return_requested",
        "signed",
        "handling",
        "extension_requested",
        "suspended",
        "whistled",
        "whistle_refused",
        "responding",
        "rework",
    }
)
"""States in which the team that the case names has it as an open task."""
