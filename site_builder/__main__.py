"""`python -m site_builder` is the command `site-builder`."""

import sys

from site_builder.cli import main

sys.exit(main())
