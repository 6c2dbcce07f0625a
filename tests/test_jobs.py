"""Jobs: documents that survive JSON and refuse nonsense readably."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from napari_slitseg.core.bundled import DEFAULT_MODEL
from napari_slitseg.core.detection import (
    Components,
    DetectorSpec,
    LaplacianOfGaussian,
    Peaks,
    detector_from_dict,
)
from napari_slitseg.core.simulate import SceneOptions
from napari_slitseg.jobs import (
    CompareJob,
    Document,
    EvaluateJob,
    PredictJob,
    SimulateJob,
    explain,
)

PREDICT = {"images": (Path("a b.tif"), Path("folder")), "out": Path("out/ö")}
EVALUATE = {"images": (Path("images"),)}
SIMULATE = {"out": Path("out")}
JOBS = [
    PredictJob(**PREDICT, threshold=0.25, pixel_size_nm=8.3, maps="none", device="cuda:1"),
    EvaluateJob(**EVALUATE, annotations=Path("slits"), tolerance_px=3.5, out=Path("t.csv")),
    PredictJob(**PREDICT, detector={"name": "log", "min_sigma_nm": 8}),
    EvaluateJob(**EVALUATE, detector="doh"),
    CompareJob(images=(Path("i"),), models=("a", "b"), biopsies=Path("b.csv"), resamples=500),
    SimulateJob(**SIMULATE, n=3, shape=(64, 128), effacement=0.5),
]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_json_there_and_back(job: Document) -> None:
    again = type(job).model_validate_json(job.model_dump_json())
    assert again == job
    assert again.model_dump() == job.model_dump()


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_a_job_does_not_change(job: Document) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(job, "out", Path("elsewhere"))  # noqa: B010


@pytest.mark.parametrize(
    ("kind", "values"),
    [(PredictJob, PREDICT), (EvaluateJob, EVALUATE), (SimulateJob, SIMULATE)],
)
def test_unknown_fields_are_refused_by_name(kind: type[Document], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(**values, treshold=0.5)
    assert explain(caught.value) == "treshold: Extra inputs are not permitted"


@pytest.mark.parametrize("kind", [PredictJob, EvaluateJob, CompareJob, SimulateJob])
def test_every_field_says_what_it_is(kind: type[Document]) -> None:
    for name, field in kind.model_fields.items():
        assert field.description, name
        assert field.description[0].isupper(), name
        assert field.description.endswith("."), name


@pytest.mark.parametrize(
    ("kind", "values", "field", "bad"),
    [
        (PredictJob, PREDICT, "images", ()),
        (PredictJob, PREDICT, "threshold", 1.01),
        (PredictJob, PREDICT, "threshold", -0.01),
        (PredictJob, PREDICT, "threshold", float("nan")),
        (PredictJob, PREDICT, "pixel_size_nm", 0.0),
        (PredictJob, PREDICT, "pixel_size_nm", 1000.0),
        (PredictJob, PREDICT, "min_distance_nm", -1.0),
        (PredictJob, PREDICT, "min_distance_nm", float("inf")),
        (PredictJob, PREDICT, "page", -1),
        (PredictJob, PREDICT, "model", ""),
        (PredictJob, PREDICT, "device", "gpu"),
        (PredictJob, PREDICT, "device", "cuda:"),
        (PredictJob, PREDICT, "precision", "half"),
        (PredictJob, PREDICT, "maps", "uint8"),
        (EvaluateJob, EVALUATE, "tolerance_nm", 0.0),
        (EvaluateJob, EVALUATE, "tolerance_px", 0.0),
        (EvaluateJob, EVALUATE, "ignore_radius_nm", -1.0),
        (SimulateJob, SIMULATE, "n", 0),
        (SimulateJob, SIMULATE, "seed", -1),
        (SimulateJob, SIMULATE, "pixel_size_nm", 2.9),
        (SimulateJob, SIMULATE, "shape", (63, 640)),
        (SimulateJob, SIMULATE, "noise", 0.51),
    ],
)
def test_values_out_of_range_are_named(
    kind: type[Document], values: dict[str, Any], field: str, bad: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(**{**values, field: bad})
    [line] = explain(caught.value).splitlines()
    assert line.startswith(field)
    assert line.endswith(f"got {bad!r}") or field == "shape"


def test_explaining_takes_one_line_for_each_mistake() -> None:
    with pytest.raises(ValidationError) as caught:
        PredictJob(images=(), threshold=2, device="gpu")  # type: ignore[call-arg]
    lines = explain(caught.value).splitlines()
    assert sorted(lines) == [
        "device: Input should be auto, cpu, mps, cuda or cuda:NUMBER, got 'gpu'",
        "images: Tuple should have at least 1 item after validation, not 0, got ()",
        "out: Field required",
        "threshold: Input should be less than or equal to 1, got 2",
    ]


@pytest.mark.parametrize(
    ("given", "spec"),
    [
        ("peaks", Peaks()),
        ("log", LaplacianOfGaussian()),
        (
            {"name": "log", "min_sigma_nm": 8, "n_sigma": 3},
            LaplacianOfGaussian(min_sigma_nm=8, n_sigma=3),
        ),
        ({"name": "components", "level": 0.25}, Components(level=0.25)),
    ],
)
def test_a_detector_is_a_name_or_a_document(given: Any, spec: DetectorSpec) -> None:
    job = PredictJob(**PREDICT, detector=given)
    assert detector_from_dict(job.detector) == spec
    assert job.detector == spec.to_dict()
    assert json.loads(job.model_dump_json())["detector"] == spec.to_dict()


def test_the_default_detector_is_smoothed_peaks_also_in_documents_that_tell_none() -> None:
    job = PredictJob(**PREDICT)
    assert job.detector == Peaks().to_dict()
    document = job.model_dump(mode="json", exclude={"detector"})
    assert PredictJob.model_validate(document) == job


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("compoments", "there is no detector 'compoments'; did you mean 'components'?"),
        ({}, "there is no detector ''; there are peaks, log"),
        ({"name": ["log"]}, "there is no detector ['log']; did you mean 'log'?"),
        (7, 'a detector is a document such as {"name": "peaks"}, got 7'),
        ({"name": "log", "min_sgma_nm": 8}, "no 'min_sgma_nm'; did you mean 'min_sigma_nm'?"),
        ({"name": "log", "min_sigma_nm": 0}, "min_sigma_nm is 0; it must be above 0"),
        ({"name": "log", "min_sigma_nm": "8"}, "min_sigma_nm is '8'; give a number"),
        ({"name": "log", "min_sigma_nm": 90}, "min_sigma_nm is 90, above"),
        ({"name": "components", "min_diameter_nm": 300}, "min_diameter_nm is 300, above"),
        ({"name": "peaks", "sigma_nm": float("nan")}, "sigma_nm is nan; give a finite number"),
    ],
)
def test_a_detector_that_makes_no_sense_is_refused(bad: Any, message: str) -> None:
    for kind, values in ((PredictJob, PREDICT), (EvaluateJob, EVALUATE)):
        with pytest.raises(ValidationError) as caught:
            kind(**values, detector=bad)
        [line] = explain(caught.value).splitlines()
        assert line.startswith("detector: ")
        assert message in line


def test_the_default_model_is_the_bundled_one() -> None:
    assert PredictJob(**PREDICT).model == EvaluateJob(**EVALUATE).model == DEFAULT_MODEL


def test_a_simulation_offers_what_the_simulator_takes() -> None:
    fields = set(SimulateJob.model_fields) - {"out", "n", "seed"}
    assert fields == set(SceneOptions.__dataclass_fields__)
    job = SimulateJob(**SIMULATE)
    options = {name: getattr(job, name) for name in fields}
    assert SceneOptions(**options) == SceneOptions()
