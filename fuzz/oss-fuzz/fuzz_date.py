"""The reference's parser of dates, for OSS-Fuzz."""

import sys

from merkhet_fuzz import guided

if __name__ == "__main__":
    sys.exit(guided.main(sys.argv[1:], "reference:date"))
