"""Exploration: every way a run can go, with numbers reduced to the bounds that the policy itself names.

`system` is the abstract machine, `search` goes through it, `properties` is what authors write, `replay` plays a
counterexample through the real `decide`. Why a proof is a proof stands in docs/decisions/0016-exploration.md.
"""
