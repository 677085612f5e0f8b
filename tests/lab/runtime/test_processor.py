"""What the processor has is read from the kernel's text, and decides only what nobody has chosen."""

from __future__ import annotations

import os
import sys
import warnings

import pytest

from generative import VAE
from lab.runtime import conditions, processor
from lab.runtime.processor import ONEDNN, choose_kernels, onednn_pays, parsed, take_up_kernels

CPUINFO = """processor	: 0
vendor_id	: Some
model name	: {model}
flags		: fpu sse4_2 avx {flags}
bugs		:

processor	: 1
model name	: another
flags		: avx512f
"""
EPYC = parsed("x86_64", CPUINFO.format(model="AMD EPYC 7R13 Processor", flags="avx2 fma"))
XEON = parsed("x86_64", CPUINFO.format(model="Xeon", flags="avx2 fma avx512f avx512_vnni avx512_bf16"))
OLD = parsed("x86_64", CPUINFO.format(model="Sandy", flags=""))
ARM = parsed("aarch64", "processor\t: 0\nFeatures\t: fp asimd bf16\n")


@pytest.fixture
def unloaded(monkeypatch):
    """A process that has not loaded TensorFlow and whose user has chosen nothing."""
    # So that it is put back whatever the test leaves.
    monkeypatch.setenv(ONEDNN, "put back")
    monkeypatch.delenv(ONEDNN)
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(processor, "_decided", False)
    monkeypatch.setattr(processor, "this_processor", lambda: EPYC)
    return monkeypatch


def test_the_first_processors_part_is_read():
    assert EPYC.model == "AMD EPYC 7R13 Processor" and EPYC.features == {"fpu", "sse4_2", "avx", "avx2", "fma"}
    assert ARM.features == {"fp", "asimd", "bf16"} and ARM.model == ""
    assert parsed("x86_64", "") == ("x86_64", "", frozenset())


def test_onednn_is_turned_on_where_tensorflow_leaves_it_off_and_it_pays():
    assert [onednn_pays(each) for each in (EPYC, XEON, OLD, ARM)] == [True, False, False, False]


def test_it_is_set_before_tensorflow_loads_unless_the_user_has_chosen(unloaded):
    choose_kernels()
    assert os.environ[ONEDNN] == "1"
    unloaded.setattr(processor, "_decided", False)
    unloaded.setenv(ONEDNN, "0")
    choose_kernels()
    take_up_kernels("1")
    assert os.environ[ONEDNN] == "0"


def test_it_is_left_alone_on_other_processors_and_once_tensorflow_is_loaded(unloaded):
    unloaded.setattr(processor, "this_processor", lambda: XEON)
    choose_kernels()
    assert ONEDNN not in os.environ
    unloaded.setattr(processor, "_decided", False)
    unloaded.setattr(processor, "this_processor", lambda: EPYC)
    unloaded.setitem(sys.modules, "tensorflow", sys)
    choose_kernels()
    take_up_kernels("1")
    assert ONEDNN not in os.environ


@pytest.mark.parametrize("then", ["0", "1", None])
def test_a_resumed_run_takes_up_what_it_had_and_later_imports_do_not_choose_again(unloaded, then):
    choose_kernels()
    conditions.take_up({"conditions": [{"step": 0, "onednn": "1"}, {"step": 5, "onednn": then}]})
    choose_kernels()
    assert os.environ.get(ONEDNN) == then


@pytest.mark.parametrize("config", [{}, {"conditions": []}, {"conditions": [{"step": 0}]}])
def test_a_run_that_recorded_nothing_changes_nothing(unloaded, config):
    choose_kernels()
    conditions.take_up(config)
    assert os.environ[ONEDNN] == "1"


def test_a_strangers_value_is_not_set(unloaded):
    conditions.take_up({"conditions": [{"step": 0, "onednn": {"a": "\x1b"}}]})
    assert ONEDNN not in os.environ


def test_the_features_are_recorded_as_ever(monkeypatch):
    monkeypatch.setattr(conditions, "this_processor", lambda: XEON)
    assert conditions.processor() == "x86_64 sse4_2 avx avx2 fma avx512f avx512_bf16 avx512_vnni"


def test_bfloat16_is_warned_of_once_where_the_processor_emulates_it(monkeypatch):
    monkeypatch.setattr(processor, "_warned", set())
    monkeypatch.setattr(processor, "this_processor", lambda: EPYC)
    with pytest.warns(
        UserWarning, match=r"VAE: precision received 'bfloat16'; expected 'float32' .*EPYC.*Fix: "
    ) as seen:
        VAE(precision="bfloat16")
        VAE(precision="bfloat16")
    assert len(seen) == 1


@pytest.mark.parametrize("here", [XEON, ARM, parsed("unknown", "")])
def test_bfloat16_is_not_warned_of_where_it_is_native_or_nobody_knows(monkeypatch, here):
    monkeypatch.setattr(processor, "_warned", set())
    monkeypatch.setattr(processor, "this_processor", lambda: here)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        VAE(precision="bfloat16")
        monkeypatch.setattr(processor, "this_processor", lambda: EPYC)
        VAE(precision="float32")
