"""The whole suite on other engines than this machine's: those of newer Debian releases."""
