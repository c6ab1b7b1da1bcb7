"""The checks that merkhet ships: one package for each specification."""
