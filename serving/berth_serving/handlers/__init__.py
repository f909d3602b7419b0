"""Handlers: functions, classes and modules of a project that answer."""
