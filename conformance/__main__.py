"""`python -m conformance` is `tokenspec`."""

from conformance.cli import main

raise SystemExit(main())
