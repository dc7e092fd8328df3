"""Tests that share a deployment and see nothing of each other."""

import pytest


def add(redis, cart, item):
    return redis.hincrby(f"cart:{cart}", item, 1)


@pytest.mark.parametrize("cart", ["a", "b", "c"])
def test_a_new_item_is_counted_once(redis, cart):
    assert redis.dbsize() == 0
    assert add(redis, cart, "apple") == 1


def test_the_same_item_is_counted_again(redis):
    add(redis, "a", "apple")
    assert add(redis, "a", "apple") == 2
