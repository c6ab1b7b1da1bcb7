"""Models of what a right answer is, one for each kind of endpoint of the target contract. No input, no output."""
