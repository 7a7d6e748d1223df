import pytest

from smalti.processing.machine import cgroup_memory, machine_memory, usable_cores


def test_this_machine_has_memory_and_cores():
    assert machine_memory() > 2**20
    assert usable_cores() >= 1


@pytest.fixture
def groups(tmp_path):
    """Writes limits below a mount point and this process's groups beside it."""

    def write(own, **limits):
        for name, text in limits.items():
            file = tmp_path / "mount" / name.replace("__", "/").replace("LIMIT", "memory.limit_in_bytes")
            file = file.with_name("memory.max") if file.name == "MAX" else file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / "own").write_text(own)
        return tmp_path / "mount", tmp_path / "own"

    return write


def test_a_container_is_limited_by_the_group_at_the_mount_point(groups):
    assert cgroup_memory(*groups("0::/\n", MAX="2147483648\n")) == 2**31


def test_a_cluster_job_is_limited_by_the_tightest_group_it_lies_in(groups):
    limits = groups("0::/slurm/job\n", slurm__job__MAX="max\n", slurm__MAX="1000\n", other__MAX="5\n")
    assert cgroup_memory(*limits) == 1000


def test_the_first_version_of_control_groups_is_read_too(groups):
    limits = groups("4:cpu,memory:/a\n0::/\n", memory__LIMIT="9223372036854771712\n", memory__a__LIMIT="77\n")
    assert cgroup_memory(*limits) == 77


def test_max_and_absent_files_are_no_limit(groups, tmp_path):
    assert cgroup_memory(*groups("0::/\n", MAX="max\n")) is None
    assert cgroup_memory(tmp_path / "nowhere", tmp_path / "nothing") is None
