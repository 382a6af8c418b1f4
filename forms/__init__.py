"""The room that asks residents: forms, links, the sealed mailbox, identity."""
