"""Specs of models: documents that refuse what makes no sense, without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from napari_slitseg.core.models import (
    MODELS,
    FCNSpec,
    ForkNetSpec,
    ModelSpec,
    MUNetSpec,
    UNetSpec,
    build_model,
)


def test_spec_round_trip():
    spec = UNetSpec(width=0.25, norm="group", depth=3)
    assert ModelSpec.from_dict(spec.to_dict()) == spec
    assert ModelSpec.from_dict({"architecture": "forknet", "width": 0.25}).width == 0.25
    assert ForkNetSpec(width=1).to_dict() == {
        "name": "forknet",
        "width": 1.0,
        "norm": "batch",
        "fork_level": 3,
        "cross_link": True,
        "deep_residual": True,
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "fcm"}, "no model 'fcm'; there are forknet, unet, fcn, munet"),
        ({"name": ["forknet"]}, "no model"),
        ({}, "no model ''"),
        ({"name": "unet", "norm": "layer"}, "norm is 'layer'; choose one of batch, group, none"),
        ({"name": "unet", "width": 0}, "width is 0"),
        ({"name": "unet", "width": -1.0}, "width is -1"),
        ({"name": "unet", "width": 1e6}, r"width is 1e\+06"),
        ({"name": "unet", "width": float("nan")}, "width is nan"),
        ({"name": "unet", "width": True}, "width is True"),
        ({"name": "unet", "width": "1"}, "width is '1'"),
        ({"name": "unet", "deep": 3}, "has no 'deep'"),
        ({"name": "unet", "depth": 7}, "depth is 7; it must be at most 6"),
        ({"name": "unet", "depth": 2.5}, "depth is 2.5; give a whole number"),
        ({"name": "forknet", "fork_level": 0}, "fork_level is 0; it must be at least 1"),
        ({"name": "forknet", "cross_link": 1}, "cross_link is 1; give true or false"),
        ({"name": "fcn", "finest_stride": 4}, "finest_stride is 4; choose one of 8, 16, 32"),
        ({"name": "munet", "depth": 5}, "depth is 5; give an even number"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        ModelSpec.from_dict(values)


@pytest.mark.parametrize(("width", "channels"), [(1.0, 32), (0.25, 8), (0.001, 1), (0.4, 13)])
def test_width_multiplies_channels(width, channels):
    assert ForkNetSpec(width=width).channels(32) == channels


def test_the_recommended_model_comes_first():
    assert [spec.about.recommended for spec in MODELS.values()].index(True) == 0


def test_memory_grows_with_the_width():
    for spec in (FCNSpec, ForkNetSpec, MUNetSpec, UNetSpec):
        small, large = spec(width=0.25).bytes_per_px, spec(width=1).bytes_per_px
        assert large > 2 * small > 0


def test_names_and_specs_need_no_torch():
    code = (
        "import sys; from napari_slitseg.core.models import MODELS, ForkNetSpec; "
        "[spec() for spec in MODELS.values()]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_of_the_smallest_width_can_be_built():
    for spec in MODELS.values():
        assert build_model(spec(width=0.001)).spec.width == 0.001
