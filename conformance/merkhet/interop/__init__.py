"""Second opinions: real clients, none of which shares code with merkhet, hold conversations with a target."""
