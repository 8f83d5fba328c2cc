"""The closed triangle: every requirement has a case, every case a defect, every defect a case.

What is tested here is tokenspec itself: that a broken server is caught, and a good one is not.
"""
