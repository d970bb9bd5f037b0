"""How facts look, in notebooks (HTML) and everywhere else (plain text).

Importing this package registers a renderer for each type of fact.
"""

from stagelab.show import build, live, trouble

__all__ = ["build", "live", "trouble"]
