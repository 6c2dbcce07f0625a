"""Fixtures of the pipelines' tests."""

from tests.pipelines.annotated import annotated_images
from tests.pipelines.dots import folder, model_file

__all__ = ["annotated_images", "folder", "model_file"]
