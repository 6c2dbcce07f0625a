"""Fixtures of the pipelines' tests."""

from tests.pipelines.dots import folder, model_file

__all__ = ["folder", "model_file"]
