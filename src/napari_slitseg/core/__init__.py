"""Maths: arrays in, arrays out. No Qt, no napari, no pydantic."""
