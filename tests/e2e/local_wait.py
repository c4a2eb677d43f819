"""Waiting for something to appear in a store."""

from province import SLOW
from local.process import wait_until


def find_sample(province, metric):
    for name, labels, _, value in province.store.samples():
        if name == metric:
            return labels, value
    return None


def wait_for_sample(province, metric, seconds=20):
    return wait_until(lambda: find_sample(province, metric), seconds * SLOW,
                      f"{metric} in the store", step=0.3)
