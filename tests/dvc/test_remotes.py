"""Results that were pushed come into a fresh clone, where there is nothing left to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_project import Project, stages_run

from fet_core.files import sha256

WEIGHTS = "data/rafd/train_fusion/fusion.safetensors"


def cloned(project: Project, folder: Path) -> Project:
    project.git("clone", "-q", ".", str(folder))
    return Project(folder)


def check_all_there(clone: Project, origin: Project) -> None:
    """Everything is as it is in the project that pushed, and no stage would run."""
    assert "up to date" in clone.dvc("status", "dvc.yaml")  # the comparison was not run
    assert stages_run(clone.dvc("repro")) == []
    assert clone.git("status", "--porcelain") == ""
    outputs = [path for path in (origin.folder / "data" / "rafd").rglob("*") if path.is_file()]
    assert len(outputs) > 20
    for path in outputs:
        assert sha256(clone.folder / path.relative_to(origin.folder)) == sha256(path)


@pytest.mark.slow
def test_a_folder_as_an_archive_brings_it(project: Project, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    project.dvc("remote", "add", "--local", "release", str(archive))
    project.dvc("push", "--remote", "release")
    clone = cloned(project, tmp_path / "clone")
    assert not (clone.folder / WEIGHTS).exists()
    clone.dvc("remote", "add", "--local", "release", str(archive))
    clone.dvc("pull", "--remote", "release")
    check_all_there(clone, project)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 service of this test's own, with the bucket "faces"."""
    pytest.importorskip("dvc_s3", reason="run `make env-moto`")
    pytest.importorskip("moto", reason="run `make env-moto`")
    import boto3
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="faces")
    yield address
    server.stop()


@pytest.mark.slow
def test_a_bucket_brings_it(project: Project, bucket: str, tmp_path: Path) -> None:
    project.dvc("remote", "add", "--default", "storage", "s3://faces/fet")
    project.dvc("remote", "modify", "storage", "endpointurl", bucket)
    project.commit("where the results are")
    project.dvc("push")
    clone = cloned(project, tmp_path / "clone")
    clone.dvc("pull")
    check_all_there(clone, project)
    # What was pushed is all there is: a second push has nothing to do.
    assert "up to date" in clone.dvc("push")
