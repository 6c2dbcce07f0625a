"""Runs: folders that hold a training, the processes that work on them, and what they tell."""
