"""`python -m tokenspec` is the command `tokenspec`."""

from tokenspec.conformance.cli import main

raise SystemExit(main())
