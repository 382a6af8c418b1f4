"""The mailbox between residents and government: a database of its own, with a role of its own that can do little."""
