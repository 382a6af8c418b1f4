"""Who is who: numbers that check themselves, names as registers write them, and records that mean the same person.

Pure: frames and values in, values out; what becomes of a link is decided and kept elsewhere.
"""
