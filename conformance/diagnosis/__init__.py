"""From findings to causes: which few faults explain what a run found. `docs/diagnosis.md` says how.

Nothing is played and nothing is learned: findings are compared with what the same cases found at
the reference server with one defect at a time, which is kept beside this module.
"""
