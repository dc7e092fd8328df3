"""A deployment for all tests of a session, emptied before each test.

With `redisctl run cluster -- pytest`, the tests use the deployment of `run`. Without it, the session makes its own.
"""

import json
import os
import subprocess

import pytest
from redis.cluster import ClusterNode, RedisCluster

TOPOLOGY = os.environ.get("REDISCTL_TOPOLOGY", "cluster")


def redisctl(*arguments):
    return subprocess.run(["redisctl", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="session")
def deployment():
    """The name of the deployment."""
    if name := os.environ.get("REDISCTL_NAME"):
        yield name
        return
    name = f"pytest-{os.getpid()}"
    try:
        # If this process is killed, the next run of redisctl removes the deployment after this time.
        redisctl("up", TOPOLOGY, "--name", name, "--port-base", "auto", "--ttl", "30m")
        yield name
    finally:
        redisctl("down", name, "--volumes")


@pytest.fixture(scope="session")
def cluster(deployment):
    """A client of the cluster, for all tests."""
    settings = json.loads(redisctl("env", deployment, "--output", "json"))
    hosts_and_ports = [node.rsplit(":", 1) for node in settings["REDIS_NODES"].split(",")]
    nodes = [ClusterNode(host, int(port)) for host, port in hosts_and_ports]
    login = {"username": settings.get("REDIS_USERNAME"), "password": settings.get("REDIS_PASSWORD")}
    with RedisCluster(startup_nodes=nodes, decode_responses=True, **login) as client:
        yield client


@pytest.fixture
def redis(deployment, cluster):
    """The client, with an empty cluster."""
    redisctl("reset", deployment)
    return cluster
