"""Readers of MakeHuman's formats, on tiny files written here."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fet_core.errors import UserError
from fet_core.synthesis.formats import Proxy, read_mhclo, read_obj, read_target


def test_obj_reads_quads_triangles_groups_and_missing_texture_corners(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(
        "# a comment\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\n"
        "g body\nf 1/1 2/2 3/3 4/1\ng other thing\nf 1/1 2/2 3/3\nf 1 2 3 4\n"
    )
    mesh = read_obj(path)
    assert mesh.vertices.shape == (4, 3)
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2, 3], [0, 1, 2, 2], [0, 1, 2, 3]])
    np.testing.assert_array_equal(mesh.uv_faces, [[0, 1, 2, 0], [0, 1, 2, 2], [0, 0, 0, 0]])
    assert list(mesh.groups) == ["body", "other thing", "other thing"]


def test_target_reads_plain_and_gzipped_alike(tmp_path: Path) -> None:
    text = "# made by hand\n1 .5 0 -.25\n\n7 0 1e-3 2\n"
    plain, packed = tmp_path / "a.target", tmp_path / "b.target.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        target = read_target(path)
        np.testing.assert_array_equal(target.index, [1, 7])
        np.testing.assert_allclose(target.delta, [[0.5, 0, -0.25], [0, 0.001, 2]])


def test_mhclo_with_a_keyword_after_verts(tmp_path: Path) -> None:
    path = tmp_path / "a.mhclo"
    path.write_text(
        "# header\nobj_file a.obj\nx_scale 0 1 2.0\nverts 0\nmaterial a.mhmat\n"
        "3\n0 1 2 0.5 0.25 0.25 0.1 0.2 0.3\n\ndelete_verts\n5 - 9\n"
    )
    proxy = read_mhclo(path)
    np.testing.assert_array_equal(proxy.index, [[3, 3, 3], [0, 1, 2]])
    np.testing.assert_allclose(proxy.weights[0], [1, 0, 0])
    assert proxy.scale == ((0, 1, 2.0), None, None)


def test_proxy_offsets_scale_with_the_mesh_that_is_the_measure() -> None:
    scale = ((0, 1, 1.0), None, None)
    proxy = Proxy(np.array([[0, 1, 2]]), np.array([[0.0, 1.0, 0.0]]), np.ones((1, 3)), scale)
    base = np.array([[0.0, 0, 0], [2.0, 0, 0], [0, 1.0, 0]])
    np.testing.assert_allclose(proxy.fit(base), [[4.0, 1.0, 1.0]])
    wide = base * [2.0, 1.0, 1.0]
    np.testing.assert_allclose(proxy.fit(wide), [[8.0, 1.0, 1.0]])
    np.testing.assert_allclose(proxy.fit(wide, base), [[6.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("name", "content", "reader"),
    [
        ("gone.obj", None, read_obj),
        ("empty.obj", "v 0 0 0\n", read_obj),
        ("words.target", "1 a b c\n", read_target),
        ("empty.mhclo", "verts 0\n", read_mhclo),
    ],
)
def test_bad_files_end_in_one_sentence(tmp_path: Path, name: str, content, reader) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=name.replace(".", r"\.")):
        reader(path)


def test_truncated_gzip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.target.gz"
    path.write_bytes(gzip.compress(b"1 0 0 0\n" * 50)[:20])
    with pytest.raises(UserError, match=r"cut\.target\.gz"):
        read_target(path)
