"""The QR code that sets ODK Collect up: JSON, zlib, base64 (docs.getodk.org, "Configuring Collect with a QR code")."""

import base64
import zlib
from typing import Any

import orjson


def collect_settings(url: str, username: str, password: str, name: str) -> str:
    """What the QR code says. ``url``: of the endpoint, ``https://…/openrosa``; ``name``: of the project on the phone."""
    settings: dict[str, Any] = {
        "general": {
            "protocol": "odk_default",
            "server_url": url,
            "username": username,
            "password": password,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
        },
        "admin": {},
        "project": {"name": name, "icon": "针", "color": "#c8102e"},
    }
    return base64.b64encode(zlib.compress(orjson.dumps(settings), 9)).decode()
