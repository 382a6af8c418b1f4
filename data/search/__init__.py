"""Finding what the registry holds by what somebody types: a name, its pinyin or initials, an address, the end of a telephone."""
