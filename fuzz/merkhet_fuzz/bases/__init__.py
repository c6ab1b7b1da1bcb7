"""Legal inputs, from the grammars of the specifications, as sequences of pieces."""
