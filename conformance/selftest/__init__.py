"""Mutation testing of tokenspec itself: a requirement has cases, a case defects, a defect cases.

A broken server has to be caught, and a conforming one has to pass.
"""
