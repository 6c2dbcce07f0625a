"""The house itself: packaging, documents, and habits that no linter knows."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from napari_slitseg.core.bundled import DEFAULT_MODEL, resolve_model
from napari_slitseg.core.checkpoint import read_checkpoint_info

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "NOTICE.md")
QT_NAMES = {"pyqt5", "pyqt6", "pyside2", "pyside6", "pyside6-essentials"}
ONLINE = {"aiohttp", "ftplib", "http", "httpx", "pooch", "requests", "socket", "urllib", "urllib3"}
MAX_FILE_LINES, MAX_FUNCTION_LINES = 250, 40


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(lines: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each for each in parsed}


def pins() -> dict[str, Requirement]:
    lines = [line for line in text_of("constraints.txt").splitlines() if line[:1] != "#"]
    return requirements(lines)


# -- packaging


def test_the_manifest_at_the_top_is_the_one_in_the_package() -> None:
    inner = ROOT / "src" / "napari_slitseg" / "napari.yaml"
    assert (ROOT / "napari.yaml").is_symlink()
    assert (ROOT / "napari.yaml").resolve() == inner.resolve()


def test_a_base_installation_brings_no_qt() -> None:
    base = requirements(PROJECT["dependencies"])
    assert not QT_NAMES & set(base)
    assert base["napari"].extras == set()


def test_no_dependency_has_an_upper_bound() -> None:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    bounds = {
        spec.operator for group in groups for line in group for spec in Requirement(line).specifier
    }
    assert bounds <= {">=", ">", "!="}


@pytest.mark.parametrize(("extra", "qt"), [("all", "pyqt6"), ("pyside6", "pyside6")])
def test_extras_bring_a_qt_that_napari_accepts(extra: str, qt: str) -> None:
    napari = requirements(PROJECT["optional-dependencies"][extra])["napari"]
    assert napari.extras == {qt}


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    pinned, extras = pins(), PROJECT["optional-dependencies"]
    lines = PROJECT["dependencies"] + extras["all"] + extras["em"] + extras["test"] + extras["lint"]
    for name, wanted in requirements(lines).items():
        [pin] = pinned[name].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), name


def test_pins_are_plain_versions_from_nowhere_in_particular() -> None:
    for name, pin in pins().items():
        assert pin.url is None, name
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), name


# -- documents


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_documents_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text_of(name))
    missing = [each for each in links if "://" not in each and not (ROOT / each).exists()]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_name_commands_that_make_knows(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    code = "\n".join(
        re.findall(r"`[^`]+`|^```sh$.*?^```$", text_of(name), re.MULTILINE | re.DOTALL)
    )
    assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets


def test_the_architecture_names_files_that_exist() -> None:
    names = re.findall(r"`([\w/*.]+\.(?:py|sh))`", text_of("ARCHITECTURE.md"))
    missing = [name for name in names if not any(ROOT.glob(f"[!.]*/**/{name.split('/')[-1]}"))]
    assert len(names) > 30
    assert missing == []


def documented_commands() -> list[str]:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", text_of("README.md"), re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).splitlines()
    return sorted({line.split("#")[0].strip() for line in lines if line.startswith("slitseg ")})


@pytest.mark.parametrize("line", documented_commands())
def test_the_readme_shows_commands_that_the_command_line_knows(line: str) -> None:
    from napari_slitseg.cli.app import app

    command, _, _ = app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)
    words = line.split()
    said = words[2] if words[1] in ("runs", "project") else words[1]
    assert command.__name__.replace("_", "-").rstrip("-") == said or line.endswith("--help")


@pytest.mark.parametrize(
    ("row", "images"),
    [
        ("simulated at 10 nm/px, test", "simulated_test"),
        ("a model trained without it", "real_left_out"),
        ("seen in training", "real_seen_in_training"),
    ],
)
def test_the_readme_tells_the_scores_of_the_bundled_model(row: str, images: str) -> None:
    card = read_checkpoint_info(resolve_model(DEFAULT_MODEL)).card
    scores = card["scores"][images]
    [line] = [each for each in text_of("README.md").splitlines() if each[:1] == "|" and row in each]
    told = [float(cell) for cell in line.split("|")[2:-1]]
    assert told[0] == scores["slits"]
    assert told[1:] == [
        pytest.approx(scores[name], abs=0.0051) for name in ("precision", "recall", "f1")
    ]


def test_the_changelog_tells_of_this_version() -> None:
    releases = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", text_of("CHANGELOG.md"), re.M
    )
    assert releases[0] == PROJECT["version"]


def test_make_alone_explains_every_target() -> None:
    makefile = text_of("Makefile")
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    explained = re.findall(r"^([a-z]+):.*  ## \w", makefile, re.MULTILINE)
    assert sorted(explained) == sorted(phony.split())


# -- habits


def imported_modules(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in plain + named if name != "urllib.parse"}


def test_the_package_has_nothing_to_speak_to_the_network_with() -> None:
    online = {path.name: imported_modules(path) & ONLINE for path in SOURCES}
    assert {name: found for name, found in online.items() if found} == {}


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > MAX_FILE_LINES:
            long.append(f"{path.name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and body_lines(node) > MAX_FUNCTION_LINES:
                long.append(f"{path.name}, {node.name}: {body_lines(node)} lines")
    assert long == []


def body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


# -- setting up, with a system made of stubs


class Machine:
    """A copy of the setup script in a folder of its own, where every system command is a stub."""

    def __init__(self, home: Path) -> None:
        self.home, self.bin, self.log = home, home / "bin", home / "log"
        for folder in (home / "tools", self.bin):
            folder.mkdir(parents=True)
        for name in ("tools/setup.sh", "pyproject.toml", "constraints.txt"):
            (home / name).write_text(text_of(name))
        self.stub("ldconfig", 'cat "$HOME/libraries" 2>/dev/null')
        self.stub("apt-get", 'echo "apt-get $*" >>"$HOME/log"')
        self.stub("id", "echo 1000")
        self.stub("sudo", 'shift; exec "$@"')
        self.stub("Xvfb", "")
        self.stub("xauth", "")
        self.stub("uname", "echo Linux")

    def stub(self, name: str, script: str) -> None:
        path = self.bin / name if "/" not in name else self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def has_every_library(self) -> None:
        names = re.findall(r"(\S+\.so\.\d+):", text_of("tools/setup.sh"))
        (self.home / "libraries").write_text("\n".join(names))

    def has_an_environment(self) -> None:
        self.stub(".venv/bin/python", 'echo "python $*" >>"$HOME/log"')

    def setup(self, **environment: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        variables = {"HOME": str(self.home), "PATH": f"{self.bin}:{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", self.home / "tools" / "setup.sh"],
            env=variables | {"PYTHON": sys.executable} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def calls(self, program: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(program)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if not sys.platform.startswith("linux"):
        pytest.skip("system packages are looked at on Linux only")
    return Machine(tmp_path / "home")


def test_setup_installs_what_the_system_lacks_where_it_may(machine: Machine) -> None:
    machine.has_an_environment()
    result = machine.setup()
    update, install = machine.calls("apt-get")
    assert result.returncode == 0, result.stderr
    assert update == "apt-get update -qq"
    assert {"libegl1", "libxcb-cursor0", "libxkbcommon-x11-0"} <= set(install.split())


def test_setup_says_what_to_install_where_it_may_not(machine: Machine) -> None:
    machine.has_an_environment()
    machine.stub("sudo", "exit 1")
    result = machine.setup()
    assert result.returncode == 1
    assert re.search(r"sudo apt-get install .*libegl1", result.stderr)
    assert machine.calls("apt-get") == []


def test_setup_says_which_python_it_needs(machine: Machine) -> None:
    machine.has_every_library()
    result = machine.setup(PYTHON="/nowhere/python3")
    assert result.returncode == 1
    assert "no Python 3.11 or newer" in result.stderr
    assert "make demo PYTHON=" in result.stderr


def test_setup_installs_torch_first_and_by_its_exact_version(machine: Machine) -> None:
    machine.has_every_library()
    machine.has_an_environment()
    assert machine.setup().returncode == 0
    torch, rest = machine.calls("python -m pip")
    assert torch.endswith(f"torch{pins()['torch'].specifier}")
    assert rest.endswith("-c constraints.txt -e .[all,em,test,lint]")


def test_setup_does_nothing_the_second_time(machine: Machine) -> None:
    machine.has_every_library()
    machine.has_an_environment()
    first, second = machine.setup(), machine.setup()
    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout == ""
    assert machine.calls("python -m pip") == []


def test_setup_installs_again_when_the_versions_change(machine: Machine) -> None:
    machine.has_every_library()
    machine.has_an_environment()
    machine.setup()
    with (machine.home / "constraints.txt").open("a") as file:
        file.write("# changed\n")
    machine.setup()
    assert len(machine.calls("python -m pip")) == 2


def test_setup_that_fails_is_not_taken_for_done(machine: Machine) -> None:
    machine.has_every_library()
    machine.stub(".venv/bin/python", 'case "$*" in *pip*torch*) exit 1;; esac')
    first = machine.setup()
    machine.has_an_environment()
    machine.setup()
    assert first.returncode == 1
    assert "could not be installed" in first.stderr
    assert len(machine.calls("python -m pip")) == 2
