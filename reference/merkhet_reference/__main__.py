"""`python -m merkhet_reference`: serve the target contract."""

import sys

from merkhet_reference import contract

sys.exit(contract.main())
