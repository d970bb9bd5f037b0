"""How facts look, in notebooks (HTML) and everywhere else (plain text)."""
