"""Report pages hold everything, load nothing, and survive any name."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import tifffile
from matplotlib import rcParams

from napari_slitseg.core.calibration import Scale
from napari_slitseg.core.metrics.bootstrap_interval import Bootstrap
from napari_slitseg.core.morphometry import Sample
from napari_slitseg.pipelines.errors import JobError
from napari_slitseg.pipelines.measure_figures import report_figures
from napari_slitseg.pipelines.measure_figures_images import images_shown
from napari_slitseg.pipelines.measure_page import is_measure_page, write_measure_page
from napari_slitseg.pipelines.measure_page_table import NONE
from napari_slitseg.pipelines.measure_page_tables import page_tables
from napari_slitseg.pipelines.measure_page_words import first_words
from napari_slitseg.pipelines.measure_result import MeasureResult
from napari_slitseg.pipelines.measure_rollups import rollups_of
from napari_slitseg.pipelines.outputs import OutputError

from . import measured

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements of a page; what is opened must be closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.links += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href", "data")]
        self.ids.update(v or "" for k, v in attrs if k == "id")
        assert not [k for k, _ in attrs if k.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def written(path: Path, result: MeasureResult) -> str:
    write_measure_page(path, result)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    study = measured.study({"MCD": 60.0, "Healthy": 35.0}, 4, 1, 1)
    return written(tmp_path_factory.mktemp("page") / "page.html", study)


def test_a_page_is_well_formed_and_loads_nothing(page: str) -> None:
    parsed = Page(page)
    assert parsed.open == []
    assert not {"script", "iframe", "object", "embed", "link"} & set(parsed.tags)
    assert all(link.startswith(("#", "data:")) for link in parsed.links)
    assert not re.search(r"url\((?!#)|@import", page)
    assert [name for name, n in parsed.ids.items() if n > 1] == []


def test_references_within_figures_are_kept(page: str) -> None:
    ids = Page(page).ids
    used = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'href="#([^"]+)"', page))
    assert used
    assert used <= set(ids)


def test_a_page_holds_every_biopsy_group_failure_and_the_methods(page: str) -> None:
    text = Page(page).text
    for name in [f"{group}{b}" for group in ("MCD", "Healthy") for b in range(4)]:
        assert name in text
    for words in (
        "broken.tif",
        "It is no image.",
        "A notice.",
        "Slits were measured <so & so>.",
        "typed (8 images)",
        "permutation test over biopsies",
        "people set, moved or took away",
        "napari-slitseg 0.7.0",
    ):
        assert words in text


def test_figures_have_text_and_captions_with_numbers(page: str) -> None:
    parsed = Page(page)
    assert parsed.tags["svg"] == parsed.tags["figcaption"] == 4
    assert "Foot process width (nm)" in parsed.text
    assert "n = 8 biopsies" in parsed.text
    assert page.count("n = ") > 8


def test_ranges_are_of_the_confidence_that_was_asked_for() -> None:
    images = [
        measured.image(f"{group}{b}{g}.tif", Sample(f"{group}{b}", f"{g}", group), seed=b + g)
        for group in "AB"
        for b in range(2)
        for g in range(2)
    ]
    rolled = rollups_of(images, Bootstrap(n_resamples=100, confidence=0.8))
    study = replace(measured.result(images), rollups=rolled)
    said = [table.note for table in page_tables(study, rolled)]
    said += [figure.caption for figure in report_figures(study, rolled)]
    said += first_words(study, rolled)[-1].texts
    text = re.sub("middle 95 %|to 95 %", "", " ".join(said)).replace("%", " %")
    assert not re.search(r"95 +%", text)
    assert len(re.findall(r"80 +%", text)) >= 7


def test_every_missing_number_has_its_reason_and_every_row_its_scale() -> None:
    grating = Scale(10.0, "grating", "g.tif", 0.001)
    images = [
        measured.image("a.tif", Sample("B"), scale=grating),
        measured.image("b.tif", Sample("B"), scale=None),
        measured.image("c.tif", Sample("B"), n_lines=0),
        measured.image("d.tif", Sample("C"), mean_px=5000.0),
    ]
    study = measured.result(images)
    tables = {table.title: table for table in page_tables(study, rollups_of(images))}
    told = dict(zip("abcd", (row[-1] for row in tables["Images"].rows), strict=True))
    assert told["a"] == ""
    for name, words in (("b", "scale"), ("c", "no membrane line"), ("d", "No slit")):
        assert f"{NONE} in " in told[name]
        assert words in told[name]
    at = tables["Biopsies"].columns.index("Scale from")
    assert [row[at] for row in tables["Biopsies"].rows] == ["grating (1 image)", "typed (1 image)"]
    captions = {each.name: each.caption for each in report_figures(study, rollups_of(images))}
    assert all("Scale from: " in caption for caption in captions.values())
    assert captions["widths"].endswith("Scale from: grating (1 image), typed (1 image).")


def test_short_headings_have_their_full_title_as_tooltip_and_in_the_legend(page: str) -> None:
    assert '<th title="Mean foot process width (nm)">Mean FPW</th>' in page
    assert "Mean FPW: Mean foot process width (nm)" in Page(page).text


def test_an_image_of_unknown_scale_is_shown_only_where_there_is_no_other() -> None:
    images = [measured.image(f"{n}.tif", Sample(), scale=None, seed=n) for n in range(3)]
    assert images_shown(measured.result(images))
    known = measured.image("known.tif", Sample(), mean_px=90.0)
    assert images_shown(measured.result([*images, known])) == [known]


def test_any_name_is_shown_as_it_is(tmp_path: Path) -> None:
    name = '<script>alert(1)</script> $x_{1}$ 图 \udcff & "q".tif'
    sample = Sample("B<b> \\frac $", "</table>", "G<i>")
    images = [measured.image(name, sample), measured.image("b.tif", Sample("C", "", "H"))]
    text = written(tmp_path / "page.html", measured.result(images))
    parsed = Page(text)
    assert parsed.open == []
    assert parsed.tags["script"] == parsed.tags["i"] == 0
    assert '<script>alert(1)</script> $x_{1}$ 图 ? & "q".tif' in parsed.text


@pytest.mark.parametrize(
    ("images", "n_figures"),
    [
        ([], 0),
        ([measured.image("a.tif", Sample())], 2),
        ([measured.image("a.tif", Sample("B"), scale=None)], 1),
        ([measured.image("a.tif", Sample("B"), n_lines=0)], 0),
    ],
)
def test_little_makes_a_page_without_empty_figures(
    tmp_path: Path, images: list[measured.MeasuredImage], n_figures: int
) -> None:
    parsed = Page(written(tmp_path / "page.html", measured.result(images)))
    assert parsed.open == []
    assert parsed.tags["svg"] == n_figures
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", parsed.text).lower().split()


def test_many_biopsies_have_a_figure_each_can_be_read_in() -> None:
    study = measured.study({"A": 50.0, "B": 40.0, "": 60.0}, 20, 1, 1)
    figures = {each.name: each for each in report_figures(study, study.rollups)}
    assert "n = 60 biopsies" in figures["biopsies"].caption
    assert figures["biopsies"].draw().get_figheight() > 60 * 0.15


def test_the_image_itself_is_in_the_page(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 255, measured.SHAPE, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", grey)
    with_image = measured.result([measured.image("a.tif", Sample(), folder=tmp_path)])
    text = written(tmp_path / "page.html", with_image)
    assert "data:image/png;base64," in text


def test_pages_are_known_from_other_files(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    written(path, measured.result([]))
    (tmp_path / "other.html").write_text("<html></html>")
    assert is_measure_page(path)
    assert not is_measure_page(tmp_path / "other.html")
    assert not is_measure_page(tmp_path / "none.html")
    path.write_text(path.read_text() + "<!-- my remark -->\n")
    assert not is_measure_page(path)


def test_what_cannot_be_written_leaves_the_earlier_page(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write_measure_page(tmp_path / "none" / "page.html", measured.result([]))
    with pytest.raises(JobError, match=r"should end in \.html or \.pdf"):
        write_measure_page(tmp_path / "page.txt", measured.result([]))
    (tmp_path / "page.pdf").write_text("earlier")
    broken = measured.result([])
    object.__setattr__(broken, "failures", [None])
    with pytest.raises(AttributeError):
        write_measure_page(tmp_path / "page.pdf", broken)
    assert [p.name for p in tmp_path.iterdir()] == ["page.pdf"]
    assert (tmp_path / "page.pdf").read_text() == "earlier"


def test_settings_of_the_person_are_left_as_they_were(tmp_path: Path) -> None:
    before = dict(rcParams)
    written(tmp_path / "page.html", measured.result([measured.image("a.tif", Sample())]))
    assert dict(rcParams) == before


def test_matplotlib_is_loaded_only_when_a_page_is_written() -> None:
    code = (
        "import sys; import napari_slitseg.pipelines.measure_page; "
        "sys.exit(any(m.split('.')[0] == 'matplotlib' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
