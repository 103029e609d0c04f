"""params.yaml: what is accepted, and the sentence that names the key where something is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fet_core.errors import UserError
from fet_core.params import Params
from fet_core.paramsfile import load, read_yaml

Edit = Callable[..., Path]

SCALES = (
    "scales: # of the picture, tried in turn until a face is found large enough to be read\n"
    "  - 0.5\n  - 1.0\n  - 2.0"
)
"""How params.yaml says them: DVC rewrites lists that stand on one line."""


@pytest.fixture
def edit(repository: Path, tmp_path: Path) -> Edit:
    """The committed params.yaml with one piece of text put in another's place."""

    def change(old: str = "", new: str = "") -> Path:
        text = (repository / "params.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return change


def message(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert "pydantic" not in text
    return text.removeprefix(f"{path}: ")


def test_the_committed_file_is_valid(edit: Edit) -> None:
    params = load(edit())
    assert params.transfer.mu2 == 100
    assert params.align.scales == [0.5, 1.0, 2.0]
    assert params.transfer.d_norm == "spectral"
    assert params.baseline.l1 == 100


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("  mu2: 100.0", "  mu_2: 100.0", "transfer.mu_2"),
        ("transfer: #", "transfr: #", "transfr"),
        ("    root: data/demo/rafd", "    rot: data/demo/rafd", "datasets.rafd.rot"),
        ("  lambda3: 100.0", "  lambda3: 100.0\n  lambda4: 1.0", "fusion.lambda4"),
        ("  cycle: 10.0", "  cycle: 10.0\n  circle: 1.0", "baseline.circle"),
        ("  readings: ", "  boxes: 3\n  readings: ", "landmarks.boxes"),
        ("  rank: ", "  depth: 3\n  rank: ", "fusion_plus.depth"),
        ("  ridge: ", "  bridge: 1.0\n  ridge: ", "transfer_plus.bridge"),
    ],
)
def test_an_unknown_key_is_named(edit: Edit, old: str, new: str, key: str) -> None:
    text = message(edit(old, new))
    # A misspelt key is also a missing one; either sentence shows the way.
    known = key.replace("mu_2", "mu2").replace("transfr", "transfer").replace("rot", "root")
    assert f'there is no parameter "{key}"' in text or f'"{known}" is missing' in text


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("mu2: 100.0", 'mu2: "50"', "transfer.mu2"),
        ("mu2: 100.0", "mu2: fifty", "transfer.mu2"),
        ("mu2: 100.0", "mu2: true", "transfer.mu2"),
        ("mu2: 100.0", "mu2:", "transfer.mu2"),
        ("mu2: 100.0", "mu2: [100.0]", "transfer.mu2"),
        ("mu2: 100.0", "mu2: -1.0", "transfer.mu2"),
        ("mu2: 100.0", "mu2: .nan", "transfer.mu2"),
        ("mu2: 100.0", "mu2: .inf", "transfer.mu2"),
        ("lambda2: 10.0", 'lambda2: "10"', "fusion.lambda2"),
        ("epochs: 20", "epochs: 20.5", "fusion.epochs"),
        ("epochs: 20", "epochs: true", "fusion.epochs"),
        ("epochs: 20", "epochs: 0", "fusion.epochs"),
        ("flip: true", "flip: 1", "augment.flip"),
        ("by: subject", "by: person", "split.by"),
        ("test_share: 0.2", "test_share: 1.0", "split.test_share"),
        ("several_faces: reject", "several_faces: smallest", "align.several_faces"),
        (SCALES, "scales: []", "align.scales"),
        (SCALES, "scales: 1.0", "align.scales"),
        (SCALES, "scales: [0.5, 0.0]", "align.scales"),
        ("size: 96", "size: 100", "align.size"),
        ("size: 96", "size: 16", "align.size"),
        ("size: 64", "size: 80", "fusion.size"),
        ("max_triples: 160", "max_triples: 0", "augment.max_triples"),
        ("root: data/demo/rafd", 'root: ""', "datasets.rafd.root"),
        ("root: data/demo/rafd", "root: 7", "datasets.rafd.root"),
        ("root: data/demo/rafd", "reader: ckplus", "datasets.rafd.root"),
        ("d_norm: spectral", "d_norm: group", "transfer.d_norm"),
        ("d_norm: spectral", "d_norm:", "transfer.d_norm"),
        ("identities: 1.0", "identities: -1.0", "fusion.identities"),
        ("identities: 1.0", "identities: 2.5", "fusion.identities"),
        ("  l1: 100.0", '  l1: "100"', "baseline.l1"),
        ("  l1: 100.0", "  l1: -1.0", "baseline.l1"),
        ("cycle: 10.0", "cycle: .inf", "baseline.cycle"),
        ("adversarial: 0.05", "adversarial: none", "baseline.adversarial"),
        ("identity: 1.0", "identity: true", "baseline.identity"),
        ("  l1: 100.0\n", "", "baseline.l1"),
        ("  readings: ", "  readings: 0 # ", "landmarks.readings"),
        ("  readings: ", "  readings: 1.5 # ", "landmarks.readings"),
        ("  rank: ", "  rank: 0 # ", "fusion_plus.rank"),
        ("  rank: ", "  rank: 137 # ", "fusion_plus.rank"),
        ("  dropout: ", "  dropout: 1.0 # ", "fusion_plus.dropout"),
        ("  noise: ", "  noise: 0.1 # ", "fusion_plus.noise"),
        ("  code: 32", "  code: 0", "fusion_plus.code"),
        ("width: 24", "width: 20", "transfer_plus.width"),
        ("  working: ", "  working: 100 # ", "transfer_plus.working"),
        ("  working: ", "  working: 16 # ", "transfer_plus.working"),
        ("motion: true", "motion: 1", "transfer_plus.motion"),
        ("  ridge: ", "  ridge: 0.0 # ", "transfer_plus.ridge"),
        ("  structure: ", "  structure: -1.0 # ", "transfer_plus.structure"),
        ("  moved: ", "  moved: .nan # ", "transfer_plus.moved"),
        ("  regions: ", '  regions: "2" # ', "transfer_plus.regions"),
        (
            "  mu1: 0.05 # adversarial, Eq. 7; the paper's 1 wants a longer training\n",
            "",
            "transfer.mu1",
        ),
    ],
)
def test_a_wrong_value_is_told_by_its_key(edit: Edit, old: str, new: str, key: str) -> None:
    assert key in message(edit(old, new))


@pytest.mark.parametrize("size", [32, 48, 64, 96, 128, 192, 256, 384, 512])
def test_sizes_that_the_networks_take(edit: Edit, size: int) -> None:
    assert load(edit("size: 96", f"size: {size}")).align.size == size


def test_numbers_as_people_write_them(edit: Edit) -> None:
    assert load(edit("lr_d: 0.0001", "lr_d: 1e-05")).fusion.lr_d == 1e-5
    assert load(edit("mu2: 100.0", "mu2: 50")).transfer.mu2 == 50.0
    assert load(edit("max_triples: 160", "max_triples: null")).augment.max_triples is None


def test_a_root_alone_is_enough(edit: Edit) -> None:
    params = load(edit())
    grey, colour = params.dataset("ckplus"), params.dataset("rafd")
    assert (grey.reader, grey.channels, grey.neutral_only) == ("ckplus", 1, True)
    assert (colour.reader, colour.channels, colour.neutral_only) == ("rafd", 3, False)
    assert (grey.peak_frames, colour.peak_frames) == (2, 3)
    assert load(edit()).figures.allowed("ckplus", False) is None


def test_a_set_of_any_name_names_its_reader(edit: Edit) -> None:
    both = "  mine:\n    root: /x\n    reader: ckplus\n    channels: 3\n  rafd:"
    mine = load(edit("  rafd:", both)).dataset("mine")
    assert (mine.reader, mine.channels, mine.neutral_only) == ("ckplus", 3, True)
    assert "datasets.mine.reader" in message(edit("  rafd:", "  mine:"))
    own = load(edit("  rafd:", both.replace("ckplus\n    channels: 3", "folder"))).dataset("mine")
    assert (own.reader, own.channels, own.neutral_only) == ("folder", 3, False)


def test_of_private_pictures_those_are_shown_who_are_listed(edit: Edit) -> None:
    assert load(edit()).figures.allowed("mine", True) == []
    listed = load(edit("subjects: {}", "subjects: {mine: [anna]}")).figures
    assert listed.allowed("mine", True) == listed.allowed("mine", False) == ["anna"]


def test_an_unknown_data_set_is_told_with_those_there_are(edit: Edit) -> None:
    with pytest.raises(UserError, match=r'no data set "raffd" .*there are: ckplus, rafd'):
        load(edit()).dataset("raffd")


def test_a_data_set_is_taken_away_by_one_edit(edit: Edit) -> None:
    rafd = "  rafd:\n    root: data/demo/rafd\n"
    assert list(load(edit(rafd, "")).datasets) == ["ckplus"]


def test_params_cannot_be_changed(edit: Edit) -> None:
    params: Params = load(edit())
    with pytest.raises(ValueError, match="frozen"):
        params.transfer.mu2 = 1.0


@pytest.mark.parametrize("content", [b"", b"- a\n", b"7\n"])
def test_a_file_of_another_shape(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.yaml").write_bytes(content)
    with pytest.raises(UserError, match="does not hold sections with keys"):
        load(tmp_path / "p.yaml")


@pytest.mark.parametrize("name", ["my set", "a/b", "..", "a.b", "-x"])
def test_a_name_that_is_no_folder_or_stage(edit: Edit, name: str) -> None:
    assert f'cannot be called "{name}"' in message(edit("  rafd:", f'  "{name}":'))


@pytest.mark.parametrize("name", ["demo", "studies", "experiments", "benchmarks", "bench"])
def test_a_name_whose_folder_is_taken(edit: Edit, name: str) -> None:
    assert f'cannot be called "{name}"' in message(edit("  rafd:", f'  "{name}":'))


def test_a_root_that_dvc_cannot_read(edit: Edit) -> None:
    assert "begins with ~" in message(edit("root: data/demo/rafd", "root: ~/rafd"))


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder; name one with --params"):
        load(tmp_path)


def test_a_pipe_in_place_of_the_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.yaml")
    with pytest.raises(UserError, match="is a device or a pipe"):
        load(tmp_path / "p.yaml")


DEEP = b"a: " + b"[" * 5000 + b"]" * 5000


@pytest.mark.parametrize("content", [b"a: [1\n", b"a: 1\na: 2\n", b"\tx: 1\n", b"a: \xff\n", DEEP])
def test_what_is_no_yaml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.yaml").write_bytes(content)
    with pytest.raises(UserError, match="not valid YAML"):
        read_yaml(tmp_path / "p.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no params file .*gone\.yaml"):
        load(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("-1", "-1"),
        ("abc", '"abc"'),
        ("nan", '"nan"'),
        (".nan", ".nan"),
        ("inf", '"inf"'),
        (".inf", ".inf"),
        ("-.inf", "-.inf"),
        ("", "empty"),
        ("true", "true"),
        ("[1, 2]", "[1, 2]"),
        ("{a: 1}", '{"a": 1}'),
    ],
)
def test_key_value_and_range_in_one_sentence(edit: Edit, found: str, shown: str) -> None:
    number = "a finite number" if ".nan" in found or ".inf" in found else "a number"
    text = message(edit("mu2: 100.0", f"mu2: {found}"))
    assert text == f'"transfer.mu2" is {shown}, but must be {number} of 0 or more; mend it'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs: 20", "epochs: 0", '"fusion.epochs" is 0, but must be a whole number of 1 or'),
        ("by: subject", "by: p", '"split.by" is "p", but must be subject or image; mend it'),
        ("  rank: 40", "  rank: 137", "a whole number from 1 to 136"),
        ("test_share: 0.2", "test_share: 1", "a number above 0 and below 1"),
        ("motion: true", "motion: 1", "true or false"),
        ("  width: 24", "  width: 20", "a whole number of 8 or more, a multiple of 8"),
        ("max_triples: 160", "max_triples: 0", "a whole number of 1 or more or null"),
        (SCALES, "scales: [a]", '"align.scales.0" is "a", but must be a num'),
        (SCALES, "scales: []", "a list with one entry or more, each entry a"),
        (SCALES, "scales: [9.0]", "align.scales is [9.0], but each must be"),
        ("subjects: {}", "subjects: {rafd: [1]}", '"figures.subjects.rafd.0" is 1, but must be'),
        ("subjects: {}", "subjects: {1: [a]}", "is named 1, which is no text; put the name in q"),
        (
            "landmarks:\n",
            "landmarks: 3\nrest:\n",
            '"landmarks" is 3, but must be a section with keys',
        ),
        ("seed: 48", "seed: -2", '"split.seed" is -2, but must be auto or a whole number of 0 or'),
        ("seed: 48", "seed: often", '"split.seed" is "often", but must be auto or a whole'),
    ],
)
def test_what_is_allowed_is_said(edit: Edit, old: str, new: str, said: str) -> None:
    assert said in message(edit(old, new))


def test_values_without_an_end_are_cut(edit: Edit) -> None:
    itself = message(edit(SCALES, "scales: &me [*me]"))
    assert f'"align.scales.0" is {"[" * 60}…, but must be a num' in itself
    laughs = "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    path = edit("align:\n", f"align:\n  a0: &a0 lol\n{laughs}")
    path.write_text(path.read_text(encoding="utf-8").replace(SCALES, "scales: [*a9]"))
    assert "…" in message(path)


def test_long_values_are_cut(edit: Edit) -> None:
    assert len(message(edit("mu2: 100.0", f"mu2: {'x' * 500}"))) < 150


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ('"my set"', "my set"),
        ('"a$b"', "a$b"),
        ('"a;b"', "a;b"),
        ('"-x"', "-x"),
        ('""', ""),
        ('"ü"', "ü"),
        ('"a\\nb"', "a\nb"),
        ("1", "1"),
        ("1.5", "1.5"),
        ("null", "empty"),
        ("true", "true"),
        ("shipped", "shipped"),
        ("x" * 65, "x" * 60 + "…"),
    ],
)
def test_a_name_that_cannot_be(edit: Edit, key: str, shown: str) -> None:
    path = edit("  rafd:\n", f"  {key}:\n")
    shown = shown.replace("\n", "\\n")
    assert message(path).startswith(f'a data set cannot be called "{shown}"')


def test_names_that_can_be(edit: Edit) -> None:
    for name in ("x" * 64, '"1"', "RaFD_2-b"):
        path = edit("  rafd:\n", f"  {name}:\n    reader: rafd\n")
        path.write_text(path.read_text(encoding="utf-8").replace("[ckplus, rafd]", "[ckplus]"))
        assert list(load(path).datasets) == ["ckplus", name.strip('"')]
