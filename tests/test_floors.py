"""The shape of the house: imports point down only, and the lists that name its parts are true."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import ROOT
from packaging.requirements import Requirement

FILES = sorted([ROOT / "app.py", *ROOT.glob("ssl_core/**/*.py"), *ROOT.glob("ssl_ui/**/*.py")])
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def read_table() -> dict[str, int]:
    """The floor of every part that CONTRIBUTING.md names; a package stands for all else that is in it."""
    floors: dict[str, int] = {}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for number, who in re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE):
        package = ""
        for all_else, name in re.findall(r"(all else in )?`([\w./]+)`", who):
            if not name.endswith("/"):
                floors[package + name.removesuffix(".py")] = int(number)
                continue
            package = name.replace("/", ".")
            if all_else:
                floors[package.removesuffix(".")] = int(number)
    return floors


FLOOR = read_table()


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which floor it reaches"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def part(dotted: str) -> str:
    """The part of the house a name belongs to: `ssl_core.losses.nt_xent.NTXent` → `ssl_core.losses`."""
    return ".".join(dotted.split(".")[:2])


def part_of(path: Path) -> str:
    return part(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def neighbours(path: Path) -> set[str]:
    """The other parts of the house that a file imports."""
    ours = {part(name) for name in imports(path) if name.split(".")[0] in ("app", "ssl_core", "ssl_ui")}
    return ours - {part_of(path)}


def floor(of: str) -> int:
    return FLOOR[of] if of in FLOOR else FLOOR[of.split(".")[0]]


@each_file
def test_imports_point_down(path: Path) -> None:
    here = part_of(path)
    for there in neighbours(path):
        assert floor(there) <= floor(here), f"CONTRIBUTING.md has {there} above {here}, which imports it"
        assert not floor(there) == floor(here) == 1, f"{here} and {there} are not to know each other"


@each_file
def test_the_core_knows_no_page(path: Path) -> None:
    foreign = {"gradio", "plotly", "ssl_ui"} if path.is_relative_to(ROOT / "ssl_core") else set()
    if part_of(path) == "ssl_ui.figures":
        foreign = {"gradio"}  # arrays in, JSON out: a notebook can use it
    assert not foreign & {name.split(".")[0] for name in imports(path)}


def test_the_table_names_what_is_there() -> None:
    assert set(FLOOR) <= {"ssl_core", "ssl_ui", *map(part_of, FILES)}


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        graph.setdefault(part_of(path), set()).update(neighbours(path))
    assert len(graph) > 10
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", ["ssl_core.trainer", "app"])
def test_a_worker_starts_light(module: str) -> None:
    """A worker imports the trainer, and on some platforms the main module: neither may drag the page in."""
    heavy = "{'gradio', 'plotly', 'ssl_ui', 'umap', 'numba'}"
    code = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in FILES} - {Path()}
    assert sorted(listed) == sorted(["assets", *(".".join(folder.parts) for folder in folders)])


def test_every_file_that_the_page_reads_is_installed() -> None:
    """A file that is not Python is shipped by a pattern of pyproject.toml; the README's pictures are not."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package in ("assets", "ssl_core", "ssl_ui"):
        folder = ROOT / package
        found = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
        found -= {*(folder / "pictures").rglob("*"), *folder.rglob("__pycache__/*")}
        shipped = {path for pattern in patterns.get(package, []) for path in folder.glob(pattern)}
        assert sorted(map(str, found - shipped)) == []


def requirements(name: str) -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / name).read_text().split()]


def test_requirements_have_lower_bounds() -> None:
    for need in [need for name in ROOT.glob("requirements*.txt") for need in requirements(name.name)]:
        assert any(bound.operator == ">=" for bound in need.specifier), f"{need} has no lower bound"
    (gradio,) = (need for need in requirements("requirements.txt") if need.name == "gradio")
    assert str(gradio.specifier) == "<7,>=6.31"
    version = re.search(r"^sdk_version: (\S+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert version, "a Space reads the version of Gradio from the README"
    assert version[1] in gradio.specifier


def test_requirements_name_all_that_is_imported() -> None:
    distributions = importlib.metadata.packages_distributions()
    named = {need.name.lower() for need in requirements("requirements.txt")}
    own = {"app", "assets", "ssl_core", "ssl_ui", *sys.stdlib_module_names}
    for path in FILES:
        for module in {name.split(".")[0] for name in imports(path)} - own:
            assert named & {name.lower() for name in distributions[module]}, f"{path} imports {module}"


def test_nothing_is_tied_to_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tied = re.compile(rb"/(?:work|root|home|opt|Users)/\w|pypi\.org|files\.python|registry\.npmjs")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert [str(file) for file in files if tied.search(file.read_bytes())] == []
