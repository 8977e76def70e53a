#!/usr/bin/env python
"""Winnow's commands: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config.errors import UserError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, UserError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
