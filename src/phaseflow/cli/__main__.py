"""``python -m phaseflow.cli`` is ``phaseflow``."""

from phaseflow.cli import main

main()
