from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel, QWidget

from napari_slitseg.core.curriculum.documents import Curriculum, Stage
from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.losses.spec import ERASURES
from napari_slitseg.core.losses.spec_combine import Term, TwoHeads, WeightedSum
from napari_slitseg.core.losses.spec_distribution import CategoricalCrossEntropy, Focal
from napari_slitseg.core.losses.spec_expected import ExpectedComposite, OneToOne
from napari_slitseg.core.losses.spec_overlap import Dice
from napari_slitseg.core.ramp import Ramp
from napari_slitseg.core.schedules import SCHEDULES, Constant, Cosine, Step
from napari_slitseg.core.spec import Spec
from napari_slitseg.widgets._spec_fields import WRONG
from napari_slitseg.widgets._spec_form import SpecForm
from napari_slitseg.widgets._spec_words import FieldInfo, choices_of, infos_of

Show = Callable[[Any], SpecForm]
N_RANDOM = 4
NUMBERS = (3.5e-06, 0.025, 1e-12, 0.1 + 0.2, 1e4, 123456.789, 5e-324)


@pytest.fixture
def show(qtbot) -> Show:
    """Open a form in a window of its own: quick to make."""

    def opened(specs: Any) -> SpecForm:
        form = SpecForm(specs)
        qtbot.addWidget(form)
        form.show()
        return form

    return opened


@pytest.fixture
def docked(make_napari_viewer_proxy) -> Show:
    """Open a form in a dock of a viewer."""
    viewer = make_napari_viewer_proxy(show=True).__wrapped__

    def opened(specs: Any) -> SpecForm:
        form = SpecForm(specs)
        viewer.window.add_dock_widget(form, name="Form").show()
        return form

    return opened


def page(form: SpecForm) -> Any:
    return form.choice.page


def typed(form: SpecForm, name: str, text: str) -> None:
    page(form).fields[name].setText(text)


# -- there and back


def random_value(rng: random.Random, info: FieldInfo, limits: Any, depth: int) -> Any:
    if info.optional and rng.random() < 0.3:
        return None
    if info.is_tuple:
        if info.is_spec:
            return tuple(random_spec(rng, info.element, depth) for _ in range(rng.randint(1, 3)))
        return tuple(sorted(random_number(rng, limits) for _ in range(rng.randint(0, 4))))
    if info.is_spec:
        names = [*choices_of(info.element).values()]
        flat = [each for each in names if each is not WeightedSum or depth < 2]
        return random_spec(rng, rng.choice(flat), depth)
    if info.choices:
        return rng.choice(info.choices)
    if info.hint is bool:
        return rng.random() < 0.5
    return rng.randint(1, 50) if info.hint is int else random_number(rng, limits)


def random_number(rng: random.Random, limits: Any) -> float:
    low = limits.get("gt", limits.get("ge", -100.0 if "lt" in limits else 0.0))
    high = limits.get("lt", limits.get("le", low + 10.0 ** rng.randint(-12, 6)))
    return rng.choice([rng.uniform(low, high), low + (high - low) * 10.0 ** -rng.randint(1, 9)])


def random_spec(rng: random.Random, spec: type[Spec], depth: int = 0) -> Spec:
    limits = {each.name: each.metadata for each in fields(spec)}
    depth += spec is WeightedSum
    while True:
        values = {
            info.setting.name: random_value(rng, info, limits[info.setting.name], depth)
            for info in infos_of(spec)
            if rng.random() < 0.7
        }
        try:
            return spec(**values)
        except ValueError:
            continue


@pytest.mark.parametrize("specs", [LOSSES, SCHEDULES], ids=["losses", "schedules"])
def test_every_spec_comes_back_as_it_was(docked: Show, specs: Any) -> None:
    rng, form = random.Random(0), docked(specs)
    for spec in specs.values():
        presets = [spec.preset(name) for name in getattr(spec, "presets", {})]
        drawn = [random_spec(rng, spec) for _ in range(N_RANDOM)]
        assert len(set(drawn)) > 1
        for wanted in [*presets, *drawn, spec()]:
            form.setValue(wanted)
            assert form.value() == wanted
            assert form.is_valid()


@pytest.mark.parametrize(
    "wanted",
    [
        TwoHeads(slit=WeightedSum(terms=(Term(loss=OneToOne(), ramp=Ramp(end=0.5)),))),
        Curriculum(stages=(Stage(until=0.25), Stage(losses=TwoHeads(slit_weight=3.0)))),
    ],
)
def test_a_form_of_one_spec_has_no_menu(show: Show, wanted: Spec) -> None:
    form = show({"only": type(wanted)})
    form.setValue(wanted)
    assert form.value() == wanted
    assert not form.choice.menu.isVisibleTo(form)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_exact(show: Show, number: float) -> None:
    form = show(SCHEDULES)
    form.setValue(Constant(rate=number))
    assert form.value().rate == number
    form.setValue(Constant())
    typed(form, "rate", repr(number))
    assert form.value().rate == number


def test_an_empty_line_is_none_where_none_is_a_value(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(Focal(alpha=None))
    assert page(form).fields["alpha"].text() == ""
    assert page(form).fields["alpha"].placeholderText() == "none"
    typed(form, "alpha", "0.75")
    assert form.value() == Focal(alpha=0.75)
    typed(form, "gamma", "")
    assert form.error() == "Gamma: a number is missing; type one such as 0.025 or 3.5e-06"


def test_several_numbers_have_commas_between_them(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(CategoricalCrossEntropy())
    for text, wanted in [("1, 2.5,3e-06", (1.0, 2.5, 3e-06)), ("4,", (4.0,)), (" ", ())]:
        typed(form, "class_weights", text)
        assert form.value().class_weights == wanted
    typed(form, "class_weights", "1; 2")
    assert form.error().startswith("Class weights: '1; 2' is no number")


# -- what is told


def test_a_change_is_told_once(show: Show) -> None:
    form, told = show(LOSSES), []
    form.valueChanged.connect(told.append)
    form.setValue(OneToOne(reach_px=12.0, surplus_weight=2.0))
    form.setValue(OneToOne(reach_px=12.0, surplus_weight=2.0))
    typed(form, "reach_px", "12.0")
    assert told == [OneToOne(reach_px=12.0, surplus_weight=2.0)]
    typed(form, "reach_px", "13")
    assert told[1:] == [OneToOne(reach_px=13.0, surplus_weight=2.0)]


def test_a_wrong_value_is_framed_and_explained_and_kept(docked: Show) -> None:
    form, told, valid = docked(LOSSES), [], []
    form.valueChanged.connect(told.append)
    form.validChanged.connect(valid.append)
    form.setValue(ExpectedComposite())
    typed(form, "beta", "-1")
    beta = page(form).fields["beta"]
    assert beta.styleSheet() == WRONG
    assert page(form).fields["alpha"].styleSheet() == ""
    assert form.message.isVisible()
    assert form.message.text() == "⚠ Beta is -1; it must be at least 0."
    assert not form.is_valid()
    with pytest.raises(ValueError, match=r"^Beta is -1; it must be at least 0$"):
        form.value()
    form.choice.menu.choose("dice")
    assert not form.message.isVisible()
    form.choice.menu.choose("expected_composite")
    assert beta.text() == "-1"
    typed(form, "beta", "0.5")
    assert beta.styleSheet() == ""
    assert form.value() == ExpectedComposite(beta=0.5)
    assert told == [ExpectedComposite(), Dice(), ExpectedComposite(beta=0.5)]
    assert valid == [False, True, False, True]


def test_both_settings_of_a_contradiction_are_framed(show: Show) -> None:
    form = show(SCHEDULES)
    form.setValue(Cosine(rate=1e-3))
    typed(form, "min_rate", "0.01")
    framed = [name for name, each in page(form).fields.items() if each.styleSheet() == WRONG]
    assert framed == ["rate", "min_rate"]
    assert form.error() == "Min rate is 0.01, above Rate, which is 0.001"


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "abc", "1,5"])
def test_what_is_no_finite_number_is_refused(show: Show, text: str) -> None:
    form = show(LOSSES)
    typed(form, "smooth", text)
    assert form.error().startswith("Smooth")


def test_wrong_values_of_several_fields_are_all_framed(show: Show) -> None:
    form = show(SCHEDULES)
    form.setValue(Step())
    typed(form, "rate", "x")
    typed(form, "drops", "0.5, y")
    framed = [name for name, each in page(form).fields.items() if each.styleSheet() == WRONG]
    assert framed == ["rate", "drops"]


def test_a_change_is_marked_and_the_defaults_come_back(show: Show) -> None:
    form = show(LOSSES)
    caption = page(form).captions["smooth"]
    assert not page(form).defaults.isEnabled()
    assert "Tested" not in form.choice.erasure.text()
    typed(form, "smooth", "2")
    assert "bold" in caption.styleSheet()
    assert "bold" not in page(form).captions["sign"].styleSheet()
    assert form.choice.erasure.text().endswith("Tested with the defaults only.")
    page(form).defaults.click()
    assert form.value() == Dice()
    assert caption.styleSheet() == ""


def test_presets_are_chosen_from_a_menu(docked: Show) -> None:
    form = docked(LOSSES)
    actions = page(form).presets.menu().actions()
    assert [each.data() for each in actions] == list(Dice.presets)
    typed(form, "smooth", "2")
    next(each for each in actions if each.data() == "milletari").trigger()
    assert form.value() == Dice.preset("milletari")
    assert "Squared: yes" in actions[2].toolTip()
    form.setValue(OneToOne())
    assert not page(form).presets.isVisible()


def test_each_choice_keeps_what_was_typed(show: Show) -> None:
    form = show(LOSSES)
    typed(form, "smooth", "0.5")
    for name in LOSSES:
        form.choice.menu.choose(name)
        assert form.value().name == name
    form.choice.menu.choose("dice")
    assert form.value() == Dice(smooth=0.5)


def test_the_menu_has_the_recommended_losses_first(show: Show) -> None:
    form = show(LOSSES)
    menu = form.choice.menu
    names = [menu.itemData(row) for row in range(menu.count())]
    best = [name for name, spec in LOSSES.items() if spec.about.recommended]
    assert names[: len(best) + 1] == [None, *best]
    assert sorted(filter(None, names)) == sorted(LOSSES)
    assert menu.itemText(1) == "★ One-to-one matching"
    headings = [menu.itemText(row) for row, name in enumerate(names) if name is None]
    assert headings[:2] == ["Recommended", "Overlap"]
    assert len(set(headings)) == len(headings)
    for row, name in enumerate(names):
        assert bool(menu.model().item(row).flags() & Qt.ItemFlag.ItemIsEnabled) == (
            name is not None
        )
    assert OneToOne.about.use_when in menu.itemData(1, Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize(
    ("found", "sign"), [("safe", "✔"), ("erases", "⚠"), ("inexact", "○"), ("no gradient", "✖")]
)
def test_use_and_erasure_of_a_loss_are_told(show: Show, found: Any, sign: str) -> None:
    spec = next(each for each in LOSSES.values() if each.about.erasure == found)
    form = show(LOSSES)
    form.setValue(spec())
    assert form.choice.about.text() == f"Use when: {spec.about.use_when}"
    told = form.choice.erasure.text()
    assert told.startswith(f"{sign} {found.capitalize()}: {ERASURES[found]}.")
    assert ("finds dots already" in told) == spec.about.needs_pretraining


def test_schedules_tell_when_to_use_them_and_nothing_of_erasure(show: Show) -> None:
    form = show(SCHEDULES)
    assert Cosine.about.use_when in form.choice.about.text()
    assert not form.choice.erasure.isVisible()


# -- specs in specs


def test_an_error_says_which_of_several_specs_it_is_about(show: Show) -> None:
    form = show({"heads": TwoHeads})
    page(form).fields["slit"].page.fields["smooth"].setText("-1")
    assert form.error() == "Slit: Smooth is -1; it must be at least 0"
    page(form).fields["slit"].page.reset()
    for name in ("membrane_weight", "slit_weight"):
        typed(form, name, "0")
    assert form.error().startswith("Both weights")


def test_losses_are_added_to_a_sum_and_removed(docked: Show) -> None:
    form = docked(LOSSES)
    form.setValue(WeightedSum())
    rows = page(form).fields["terms"]
    assert rows.add_button.text() == "Add a loss"
    rows.add_button.click()
    added = rows.rows[2].page
    added.fields["weight"].setText("0.5")
    added.fields["loss"].menu.choose("one_to_one")
    *_, last = form.value().terms
    assert last == Term(weight=0.5, loss=OneToOne())
    rows.rows[0].remove_button.click()
    rows.rows[0].remove_button.click()
    assert form.value().terms == (last,)
    assert [each.heading.text() for each in rows.rows] == ["Loss 1"]
    assert not rows.rows[0].remove_button.isEnabled()


def test_a_wrong_value_in_a_sum_is_shown_and_placed(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(WeightedSum())
    nested = page(form).fields["terms"].rows[1].page.fields["loss"]
    assert not nested.isVisible()
    nested.page.fields["pos_weight"].setText("-2")
    assert nested.isVisible()
    assert nested.page.fields["pos_weight"].styleSheet() == WRONG
    assert form.error() == "Loss 2: Pos weight is -2; it must be at least 0"
    nested.unfold.click()
    assert not nested.isVisible()


def test_a_ramp_is_there_when_it_is_ticked_and_keeps_its_values(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(WeightedSum())
    ramp = page(form).fields["terms"].rows[0].page.fields["ramp"]
    ramp.head.setChecked(True)
    assert form.value().terms[0].ramp == Ramp()
    form.setValue(WeightedSum(terms=(Term(ramp=Ramp(end=0.25)),)))
    ramp.head.setChecked(False)
    assert form.value().terms == (Term(),)
    assert not ramp.isVisible()
    ramp.head.setChecked(True)
    assert form.value().terms == (Term(ramp=Ramp(end=0.25)),)


def summed(levels: int) -> WeightedSum:
    loss: Any = Dice() if levels == 1 else summed(levels - 1)
    return WeightedSum(terms=(Term(loss=loss),))


def test_a_sum_may_hold_sums_but_those_no_more(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(summed(2))
    assert form.value() == summed(2)
    with pytest.raises(ValueError, match="Weighted sum cannot be chosen here"):
        form.setValue(summed(3))
    assert form.value() == summed(2)
    inner = page(form).fields["terms"].rows[0].page.fields["loss"]
    innermost = inner.page.fields["terms"].rows[0].page.fields["loss"]
    assert inner.menu.findData("sum") > 0
    assert innermost.menu.findData("sum") == -1


# -- by keyboard, and for those who listen


def test_the_down_key_goes_past_headings(qtbot, show: Show) -> None:
    form = show(LOSSES)
    best = [name for name, spec in LOSSES.items() if spec.about.recommended]
    form.choice.menu.choose(best[0])
    for wanted in [*best[1:], "dice", "jaccard"]:
        qtbot.keyClick(form.choice.menu, Qt.Key.Key_Down)
        assert form.value().name == wanted


def chain(form: SpecForm) -> list[QWidget]:
    """Where the tab key goes from the menu on, in the form."""
    stops, widget = form.choice.stops(), form.choice.menu
    found = [widget]
    while len(found) < len(stops):
        widget = widget.nextInFocusChain()
        found += [widget] if widget in stops else []
    return found


def test_the_tab_key_goes_from_top_to_bottom(qtbot, docked: Show) -> None:
    form = docked(LOSSES)
    form.setValue(Dice())
    form.setValue(WeightedSum(terms=(Term(), Term(ramp=Ramp()), Term())))
    rows = page(form).fields["terms"]
    rows.rows[1].page.fields["loss"].unfold.click()
    rows.rows[0].page.fields["loss"].menu.choose("focal")
    rows.rows[0].page.fields["loss"].unfold.click()
    qtbot.wait(20)
    assert chain(form) == form.choice.stops()
    order = [each for each in chain(form) if each.isVisible()]
    tops = [each.mapTo(form, each.rect().center()).y() for each in order]
    assert tops == sorted(tops)
    assert len(order) > 30


@pytest.mark.parametrize("specs", [LOSSES, SCHEDULES], ids=["losses", "schedules"])
def test_every_field_has_a_name_a_caption_and_a_tooltip(show: Show, specs: Any) -> None:
    form = show(specs)
    for spec in specs.values():
        form.setValue(spec())
        buddies = {each.buddy() for each in page(form).findChildren(QLabel)}
        for info in infos_of(spec):
            if info.is_spec:
                continue
            field = page(form).fields[info.setting.name]
            assert field in buddies
            assert field.accessibleName().startswith(info.label)
            assert field.accessibleDescription() == info.setting.description


def test_a_tooltip_tells_description_limits_and_default(show: Show) -> None:
    form = show(LOSSES)
    form.setValue(OneToOne())
    tip = page(form).fields["reach_px"].toolTip()
    assert "How far a certain peak can move" in tip
    assert "Limits: &gt;= 0" in tip
    assert "Default: 25 px" in tip
    assert page(form).captions["reach_px"].text() == "Reach"


def test_the_wheel_over_a_menu_scrolls_the_dock(show: Show) -> None:
    form = show(LOSSES)
    menu = form.choice.menu
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(menu, event)
    assert menu.currentData() == "dice"


_OPEN = """
import sys
from qtpy.QtWidgets import QApplication
app = QApplication([])
from napari_slitseg.core.losses import LOSSES
from napari_slitseg.core.schedules import SCHEDULES
from napari_slitseg.widgets._rate_plot import RatePlot
from napari_slitseg.widgets._spec_form import SpecForm
losses, schedules, plot = SpecForm(LOSSES), SpecForm(SCHEDULES), RatePlot()
for name, spec in LOSSES.items():
    losses.setValue(spec())
plot.setValue(schedules.value(), 100)
assert "torch" not in sys.modules
"""


def test_opening_a_form_loads_no_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OPEN], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
