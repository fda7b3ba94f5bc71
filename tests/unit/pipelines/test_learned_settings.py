"""Which model is meant, what is recorded of it, and what stands without one."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from forensics.errors import ModelInvalid
from pipelines import findings, learned
from pipelines.config import Settings, resolve
from pipelines.learned import open_model
from tests.onnx_models import descriptor, written


def test_without_a_model_the_methods_are_those_of_the_program() -> None:
    assert open_model(Settings()) is None
    plain = findings.procedure(None)
    assert (plain.video, plain.still) == (findings.METHOD, findings.STILL_METHOD)
    assert plain.parameters == findings.PARAMETERS
    assert not any("model" in name or "learned" in name for name in plain.parameters)
    assert Settings().as_record().keys() == {"jobs", "operator", "custodian", "cpu_s", "sandbox"}


def test_with_a_model_both_methods_have_another_digest_and_name_it(tmp_path: Path) -> None:
    model = open_model(Settings(model=str(written(tmp_path, descriptor()))))
    assert model is not None
    by = findings.procedure(model.spec)
    assert by.video.params_sha256 != findings.METHOD.params_sha256
    assert by.still.params_sha256 != findings.STILL_METHOD.params_sha256
    for parameters in (by.parameters, by.still_parameters):
        assert parameters["model_sha256"] == hashlib.sha256(descriptor()).hexdigest()
        assert parameters["model_licence"] == "not stated"
    assert by.parameters.items() >= findings.PARAMETERS.items()


def test_flag_outranks_environment_outranks_user() -> None:
    layers = {
        "user": {"model": "user.onnx"},
        "environ": {"FORENSICS_MODEL": "environment.onnx"},
        "flags": {"model": "flag.onnx"},
    }
    empty = {name: {} for name in ("case", *layers)}
    found = [resolve(**{**empty, **dict(list(layers.items())[:count])}).model for count in range(1, 4)]
    assert found == ["user.onnx", "environment.onnx", "flag.onnx"]
    assert resolve(**{**empty, "flags": {"model": "a.onnx"}}).as_record()["model"] == "a.onnx"


def test_a_link_to_a_model_is_followed_and_the_file_behind_it_digested(tmp_path: Path) -> None:
    target = written(tmp_path, descriptor())
    (tmp_path / "link.onnx").symlink_to(target)
    model = open_model(Settings(model=str(tmp_path / "link.onnx")))
    assert model is not None
    assert (model.path, model.spec.sha256) == (target, hashlib.sha256(descriptor()).hexdigest())


@pytest.mark.parametrize(
    ("model", "licence", "code"),
    [
        ("absent.onnx", None, "model.unreadable"),
        (".", None, "model.unreadable"),
        ("package:no-such-package", None, "model.unreadable"),
        ("package:", None, "model.unreadable"),
        ("garbage.onnx", None, "model.damaged"),
        ("good.onnx", "absent.txt", "model.unreadable"),
    ],
)
def test_what_is_no_model_or_no_licence_is_refused_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, licence: str | None, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, b"<html>", "garbage.onnx")
    written(tmp_path, descriptor(), "good.onnx")
    with pytest.raises(ModelInvalid) as caught:
        open_model(Settings(model=model, model_licence=licence))
    assert caught.value.code == code
    assert (licence or model.removeprefix("package:").removeprefix(".")) in caught.value.message


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelInvalid) as caught:
        open_model(Settings(model=str(tmp_path / "pipe.onnx")))
    assert caught.value.code == "model.unreadable"


def test_a_model_that_was_replaced_during_the_run_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, descriptor())
    learned._loaded.cache_clear()
    with pytest.raises(ModelInvalid) as caught:
        learned._loaded(path, "0" * 64)
    assert caught.value.code == "model.changed"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with one model."""
    info = tmp_path / "some_models-1.2.dist-info"
    (tmp_path / "some_models").mkdir()
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: some-models\nVersion: 1.2\nLicense-Expression: MIT AND BSD-3-Clause\n"
    )
    (info / "RECORD").write_text("some_models/__init__.py,,\nsome_models/net.onnx,,\n")
    (tmp_path / "some_models/__init__.py").write_text("raise SystemExit('a package is not run for its model')")
    written(tmp_path / "some_models", descriptor(), "net.onnx")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


@pytest.mark.parametrize("named", ["package:some-models", "package:some-models/some_models/net.onnx"])
def test_a_package_gives_its_model_and_its_licence(package: Path, named: str) -> None:
    model = open_model(Settings(model=named))
    assert model is not None
    assert model.path == package / "some_models/net.onnx"
    assert (model.spec.licence, model.spec.licence_from) == ("MIT AND BSD-3-Clause", "the package some-models 1.2")


def test_a_models_own_licence_outranks_that_of_its_package_and_the_users_file_both(package: Path) -> None:
    written(package / "some_models", descriptor(metadata={"license": "CC0-1.0"}), "net.onnx")
    (package / "terms.txt").write_text("Agreed terms\n")
    own = open_model(Settings(model="package:some-models"))
    stated = open_model(Settings(model="package:some-models", model_licence=str(package / "terms.txt")))
    assert own is not None and stated is not None
    assert own.spec.licence == "CC0-1.0"
    assert stated.spec.licence == "Agreed terms"
    assert hashlib.sha256(b"Agreed terms\n").hexdigest() in stated.spec.licence_from


def test_a_package_with_several_models_or_none_is_asked_about(package: Path) -> None:
    with (package / "some_models-1.2.dist-info/RECORD").open("a") as record:
        record.write("some_models/other.onnx,,\n")
    written(package / "some_models", descriptor(), "other.onnx")
    with pytest.raises(ModelInvalid, match=r"some_models/net\.onnx, some_models/other\.onnx"):
        open_model(Settings(model="package:some-models"))
    with pytest.raises(ModelInvalid, match="but: none"):
        open_model(Settings(model="package:click"))
