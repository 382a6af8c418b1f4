"""``python -m dashboard.cli`` is ``needle``."""

from dashboard.cli import main

main()
