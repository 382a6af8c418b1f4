"""Chinese addresses: taken apart into levels, from the province down to the room."""
