"""`python -m zoo.driver <directory>`: the process of one spec."""

import sys

from zoo.driver.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
