"""Choose the device; torch is only asked when the list is opened."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QComboBox


class DeviceCombo(QComboBox):
    """Devices of this machine, with "auto" first."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.setAccessibleName("Device")
        self.addItem("auto")
        if device != "auto":
            self.addItem(device)
        self.setCurrentText(device)
        self._is_filled = False

    @property
    def device(self) -> str:
        """Chosen device."""
        return str(self.currentText())

    def showPopup(self) -> None:
        """Qt: the list opens, now with the devices there are."""
        self.fill()
        super().showPopup()

    def fill(self) -> None:
        """List the devices of this machine; loads torch."""
        if self._is_filled:
            return
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            from napari_slitseg.core.devices import available_devices

            names = available_devices()
        finally:
            QApplication.restoreOverrideCursor()
        self._is_filled = True
        for name in names:
            if self.findText(name) < 0:
                self.addItem(name)
