"""Endpoints, a module for each protocol."""
