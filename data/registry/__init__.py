"""The registry: what is held of persons, households, buildings, rooms and enterprises, as claims and golden values."""
