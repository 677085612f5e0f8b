"""The proof of the promises: kills, damage, full disks, signals and strangers' files, by the thousand.

`python -m tests.faults --help` says how to run a part of it; `make faults` runs all of it.
"""
