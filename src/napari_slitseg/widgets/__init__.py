"""Dock widgets: Qt and napari, no arithmetic."""
