"""Replaying what happened under another policy: the deeds of kept trails, decided anew, and what comes out otherwise.

A trail holds what people did and what followed. Only what they did is taken from it; what follows is decided by the
plan that is tried. Where a deed has no place any more under that plan, it is told, and the others go on.
"""
