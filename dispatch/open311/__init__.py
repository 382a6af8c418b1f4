"""Open311 GeoReport v2: how the world's 311 clients read and write our reports. Pure; the addresses are in ``dashboard``.

Source: open311.github.io, GeoReport/v2; extensions ``servicerequestupdates`` and extended statuses by mySociety.
"""
