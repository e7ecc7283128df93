# SPDX-License-Identifier: BSD-2-Clause
"""A release: the tarball and its bill of materials, what is installed, versions, completion."""

import hashlib
import json
import os
import re
import subprocess
import tarfile

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
TOOLS = ("cleave-archive", "cleave-check", "cleave-port", "cleave-stream")


def version():
    with open(os.path.join(TOP, "VERSION"), encoding="ascii") as file:
        return file.read().strip()


def run(*argv, **kwargs):
    return subprocess.run(argv, capture_output=True, text=True, check=True, **kwargs).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of the last commit, as a release is made of one."""
    if not os.path.exists(os.path.join(TOP, ".git")):
        pytest.skip("this is no clone: a release is made of a commit")
    folder = str(tmp_path_factory.mktemp("dist") / "clone")
    run("git", "clone", "-q", TOP, folder)
    return folder


def test_dist_is_reproducible_and_lists_what_it_holds(clone, tmp_path):
    for name in ("a", "b"):
        run(os.path.join(clone, "scripts", "mkdist.sh"), str(tmp_path / name))
    packed = f"dist/cleave-{version()}.tar.gz"
    assert (tmp_path / "a" / packed).read_bytes() == (tmp_path / "b" / packed).read_bytes()
    with tarfile.open(tmp_path / "a" / packed) as tar:
        held = {m.name.partition("/")[2]: tar.extractfile(m).read()
                for m in tar.getmembers() if m.isfile()}
    bill = json.loads(held.pop("sbom.spdx.json"))
    listed = {f["fileName"][2:]: f["checksums"][1]["checksumValue"] for f in bill["files"]}
    assert listed == {n: hashlib.sha256(data).hexdigest() for n, data in held.items()}
    assert {"Makefile", "VERSION", "REVISION", "core/boot/boot.c"} <= set(held)
    assert [p["name"] for p in bill["packages"]] == ["cleave", "libfdt"]
    assert held["REVISION"].decode().strip() == run("git", "-C", clone, "rev-parse", "--short=12",
                                                    "HEAD").strip()
    # What is not committed is in no release.
    with open(os.path.join(clone, "README.md"), "a", encoding="utf-8") as file:
        file.write("more\n")
    done = subprocess.run([os.path.join(clone, "scripts", "mkdist.sh"), str(tmp_path / "c")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "not committed" in done.stderr


def test_tag_and_version_are_one(clone, tmp_path):
    """A tag changes nothing in the tarball, and one of another version is refused."""
    mkdist = os.path.join(clone, "scripts", "mkdist.sh")
    run("git", "-C", clone, "checkout", "-q", ".")
    plain = subprocess.run([mkdist, str(tmp_path / "a")], capture_output=True, text=True,
                           check=True)
    assert f"no tag v{version()} is on this commit" in plain.stderr
    said = run(os.path.join(clone, "scripts", "version.sh"))
    run("git", "-C", clone, "tag", f"v{version()}")
    tagged = subprocess.run([mkdist, str(tmp_path / "b")], capture_output=True, text=True,
                            check=True)
    assert tagged.stderr == "" and tagged.stdout == plain.stdout
    assert run(os.path.join(clone, "scripts", "version.sh")) == said
    run("git", "-C", clone, "tag", "-d", f"v{version()}")
    run("git", "-C", clone, "tag", "v9.9.9")
    wrong = subprocess.run([mkdist, str(tmp_path / "c")], capture_output=True, text=True,
                           check=False)
    run("git", "-C", clone, "tag", "-d", "v9.9.9")
    assert wrong.returncode == 1 and not (tmp_path / "c").exists()
    assert wrong.stderr == ("mkdist: the tag on this commit is v9.9.9, and VERSION says "
                            f"{version()}\n")


def test_tarball_is_as_good_as_a_clone(clone, tmp_path):
    """Without git: it has the same version and the same files, and makes the same SDK."""
    run("git", "-C", clone, "checkout", "-q", ".")
    run(os.path.join(clone, "scripts", "mkdist.sh"), str(tmp_path))
    run("tar", "-C", str(tmp_path), "-xf", str(tmp_path / "dist" / f"cleave-{version()}.tar.gz"))
    tarball = str(tmp_path / f"cleave-{version()}")
    sdks = []
    for tree, out in ((clone, tmp_path / "one"), (tarball, tmp_path / "two")):
        (out / "host").mkdir(parents=True)
        for name in ("host/cleave-check", "host/cleave-port", "cleave.bin", "cleave.elf"):
            (out / name).write_text(name)
        assert run(os.path.join(tree, "scripts", "version.sh")) == \
            run(os.path.join(clone, "scripts", "version.sh"))
        run(os.path.join(tree, "scripts", "mksdk.sh"), str(out))
        sdks.append((out / "cleave-sdk.tar.gz").read_bytes())
    assert sdks[0] == sdks[1]
    listed = [run(os.path.join(tree, "scripts", "files.sh"), "*.c", "docs", ".ci/run").split()
              for tree in (clone, tarball)]
    assert listed[0] == listed[1] and "docs/README.md" in listed[0] and ".ci/run" in listed[0]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = str(tmp_path_factory.mktemp("root"))
    run(os.path.join(TOP, "scripts", "install.sh"), OUT, env=dict(os.environ, DESTDIR=root,
                                                                  PREFIX="/usr"))
    return os.path.join(root, "usr")


@pytest.mark.parametrize("tool", TOOLS)
def test_installed_tools_say_their_version_and_have_a_page(installed, tool):
    said = run(os.path.join(installed, "bin", tool), "--version", cwd="/")
    assert said.startswith(f"{tool} {version()}")
    with open(os.path.join(installed, "share", "man", "man1", tool + ".1"),
              encoding="utf-8") as file:
        page = file.read()
    assert re.search(rf"^\.SH NAME\n{tool} \\- \S", page, re.M), page[:300]
    for line in run(os.path.join(installed, "bin", tool), "--help").splitlines():
        assert line.replace("\\", "\\e") in page


def test_installed_archive_tool_works_anywhere(installed, tmp_path):
    """By its own checker, and from another folder."""
    example = os.path.join(installed, "lib", "cleave", "examples", "hello", "hello.dts")
    program = os.path.join(OUT, "examples", "hello", "hello.bin")
    env = {k: v for k, v in os.environ.items() if k != "CLEAVE_CHECK"}
    run(os.path.join(installed, "bin", "cleave-archive"), "-o", "x.cpio", example,
        f"hello.bin={program}", cwd=tmp_path, env=env)
    assert (tmp_path / "x.cpio").exists()


def test_completion_has_the_options(installed):
    path = os.path.join(installed, "share", "bash-completion", "completions", "cleave-archive")
    tool = os.path.join(installed, "bin", "cleave-archive")
    said = run("bash", "-c", f'. {path}; COMP_WORDS=(x --); COMP_CWORD=1; _cleave {tool}; '
               'echo "${COMPREPLY[@]}"')
    assert {"--strict", "--harts", "--tree", "--version"} <= set(said.split())


def test_completion_has_the_commands_of_the_stream_tool(installed):
    path = os.path.join(installed, "share", "bash-completion", "completions", "cleave-stream")
    tool = os.path.join(installed, "bin", "cleave-stream")
    said = run("bash", "-c", f'. {path}; COMP_WORDS=(x ""); COMP_CWORD=1; _cleave {tool}; '
               'echo "${COMPREPLY[@]}"')
    assert said.split() == ["inspect", "check", "diff", "flatten", "make"]
    for command in said.split():
        assert re.search(rf"^  {command} ", run(tool, "--help"), re.M)


def test_installed_stream_tool_works_anywhere(installed, tmp_path):
    """With its parts, which the SDK has beside it."""
    (tmp_path / "form").write_text("query id=7 outcome=1\n", encoding="ascii")
    tool = os.path.join(installed, "bin", "cleave-stream")
    run(tool, "make", "-o", "q", "form", cwd=tmp_path)
    assert run(tool, "check", "q", cwd=tmp_path) == "q: 1 frames, a query\n"


def test_the_hypervisor_has_version_and_commit():
    with open(os.path.join(OUT, "include", "generated", "version.h"), encoding="utf-8") as file:
        text = file.read()
    assert re.fullmatch(rf'#define CLEAVE_VERSION "{version()}( \([0-9a-f]{{7,}}(-dirty)?\))?"\n',
                        text), text


def test_the_changes_begin_with_this_version():
    with open(os.path.join(TOP, "CHANGELOG.md"), encoding="utf-8") as file:
        assert re.search(r"^## (\S+)$", file.read(), re.M)[1] == version()
