"""The one exception that stands for a user's mistake."""


class UserError(Exception):
    """A mistake of the user's, told in one sentence: what was found, where, and what to do.

    The command line prints the message alone and exits with code 2; a library user catches it.
    """
