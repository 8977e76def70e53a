"""The one error that a user can mend, and what the command line and the pages make of it."""

from __future__ import annotations


class UserError(Exception):
    """A mistake that the person at the keyboard can mend.

    The message is one clear sentence: what is wrong, where, and what to do about it. Commands print it and
    exit with 1; pages and the API answer it with status 400. Neither shows a traceback.
    """
