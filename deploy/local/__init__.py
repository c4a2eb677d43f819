"""A private province on this machine's loopback: servers, programs, judges.

Used by ./gong demo and by the end-to-end tests. Standard library only.
"""
