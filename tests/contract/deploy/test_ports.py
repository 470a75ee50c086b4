"""Ports: which are free, which are taken, and what `voiceloom up` says about a taken one."""

import socket
from pathlib import Path

import pytest

from deploy.local import __main__ as up
from deploy.local.ports import FIRST, LAST, free_ports, is_free
from tests.stack import NANO


def test_free_ports_are_distinct_free_and_outside_the_range_of_outgoing_connections() -> None:
    ports = free_ports(8)
    assert len(set(ports)) == 8
    assert all(FIRST <= port < LAST and is_free(port) for port in ports)


def test_a_port_that_is_listened_on_is_not_given_out() -> None:
    taken = free_ports(1, seed=5)[0]
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        assert not is_free(taken)
        assert taken not in free_ports(4, seed=5)


def test_a_port_that_is_meant_for_something_else_is_left_out() -> None:
    first, second = free_ports(2, seed=9)
    assert free_ports(1, seed=9, besides=first) == [second]


def test_stacks_that_start_together_search_in_different_places() -> None:
    assert not set(free_ports(7, seed=1000)) & set(free_ports(7, seed=1001))


def test_a_taken_port_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(up.UpError, match=f"Port {port} is taken by another program") as refused:
            up.check(up.Arguments(port, tmp_path / "data", NANO))
    assert refused.value.exit_code == 3


def test_only_a_200_from_readyz_means_ready() -> None:
    assert not up.is_ready(free_ports(1)[0])
